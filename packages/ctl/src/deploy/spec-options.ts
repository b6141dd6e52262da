/** Flags of `deploy` and `plan`: each is a place in the deployment schema, which gives its type, choices and text. */
import { DeploymentSpec } from '@dsr1/shared/spec/deployment';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { appendList, appendTo, parseWhole } from '../flags.ts';
import { deploymentText } from '../text/deployment.ts';

interface SpecFlag {
  readonly flags: string;
  /** Keys from the top of the deployment to the value. */
  readonly path: readonly [string, ...string[]];
  /** Where the schema's own type and text would not do. */
  readonly parse?: (text: string) => unknown;
  readonly text?: string;
}

const SPEC_FLAGS: readonly SpecFlag[] = [
  { flags: '--name <name>', path: ['name'] },
  { flags: '--engine <kind>', path: ['engine', 'kind'] },
  { flags: '--python <path>', path: ['engine', 'python'] },
  { flags: '--image <reference>', path: ['engine', 'image'] },
  { flags: '--arg <argument>', path: ['engine', 'args'] },
  { flags: '--env <KEY=VALUE>', path: ['engine', 'env'] },
  { flags: '--model <path>', path: ['model', 'path'] },
  { flags: '--served-name <name>', path: ['model', 'servedName'] },
  { flags: '--fit <mode>', path: ['model', 'fit'] },
  { flags: '--nodes <n|a,b>', path: ['nodes'], parse: parseNodes, text: deploymentText.nodesFlag },
  { flags: '--head <node>', path: ['nodes', 'head'] },
  { flags: '--exclude <a,b>', path: ['nodes', 'exclude'] },
  { flags: '--gpus-per-node <n>', path: ['gpusPerNode'] },
  { flags: '--tp <n>', path: ['parallelism', 'tensor'] },
  { flags: '--pp <n>', path: ['parallelism', 'pipeline'] },
  { flags: '--transport <kind>', path: ['network', 'transport'] },
  { flags: '--interface <netdev>', path: ['network', 'controlInterface'] },
  { flags: '--hca <a,b>', path: ['network', 'hcas'] },
  { flags: '--gid-index <n>', path: ['network', 'gidIndex'] },
  { flags: '--rehearse <mode>', path: ['network', 'rehearse'] },
  { flags: '--runtime <kind>', path: ['runtime'] },
  { flags: '--port <n>', path: ['endpoint', 'port'] },
];

/** The part of JSON Schema that flags need. */
interface FieldSchema {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly anyOf?: readonly { readonly const?: unknown }[];
}

export function addSpecOptions(command: Command): Command {
  for (const flag of SPEC_FLAGS) command.addOption(specOption(flag));
  return command;
}

/**
 * The deployment's value with everything that flags say put over it; lists of arguments and environment are added to
 * those of the file. `command` is what came after `--`. Nothing is checked here: parseDeploymentSpec does that.
 */
export function applyFlags(
  base: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, unknown>>,
  command: readonly string[],
): Record<string, unknown> {
  const spec = structuredClone(base) as Record<string, unknown>;
  for (const flag of SPEC_FLAGS) {
    const value = given[specOption(flag).attributeName()];
    if (value !== undefined) place(spec, flag.path, value);
  }
  if (command.length > 0) place(spec, ['engine', 'command'], [...command]);
  return spec;
}

function specOption({ flags, path, parse, text }: SpecFlag): Option {
  const field = fieldAt(path);
  const option = new Option(flags, text ?? field.description);
  if (parse) return option.argParser(parse);
  const choices = (field.anyOf ?? []).map((each) => String(each.const));
  if (choices.length > 0) return option.choices(choices);
  if (field.type === 'integer') return option.argParser(parseWhole);
  // Arguments may hold commas; names of nodes and devices do not.
  if (field.type === 'array') return option.argParser(path.at(-1) === 'args' ? appendTo : appendList);
  return field.type === 'object' ? option.argParser(appendVariable) : option;
}

function fieldAt(path: readonly string[]): FieldSchema {
  let field = DeploymentSpec as FieldSchema;
  for (const key of path) field = field.properties?.[key] ?? {};
  return field;
}

/** A number of nodes, or their names. */
function parseNodes(text: string): unknown {
  return /^\d+$/.test(text) ? { count: parseWhole(text) } : { names: appendList(text, undefined) };
}

function appendVariable(
  text: string,
  previous: Readonly<Record<string, string>> | undefined,
): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError(deploymentText.expectedVariable);
  return { ...previous, [text.slice(0, at)]: text.slice(at + 1) };
}

function place(spec: Record<string, unknown>, [key, ...rest]: readonly string[], value: unknown): void {
  if (key === undefined) return;
  const old = spec[key];
  if (rest.length === 0) {
    spec[key] = key === 'args' || isRecord(value) ? joined(old, value) : value;
  } else {
    const inner = isRecord(old) ? old : {};
    place(inner, rest, value);
    spec[key] = inner;
  }
}

function joined(old: unknown, value: unknown): unknown {
  if (Array.isArray(old) && Array.isArray(value)) return [...old, ...value];
  return isRecord(old) && isRecord(value) ? { ...old, ...value } : value;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
