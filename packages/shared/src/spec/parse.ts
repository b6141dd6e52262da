/** Value of a deployment file, of flags or of a request body → DeploymentSpec. */
import { Dsr1Error } from '../errors.ts';
import { checkValue, type ValueProblem } from './check.ts';
import { DeploymentSpec } from './deployment.ts';

/**
 * The value as a DeploymentSpec.
 * Throws UNKNOWN_KEY when all that is wrong are keys that do not exist, else INVALID_ARGUMENT; the message names every
 * problem, `details.problems` holds them for machines.
 */
export function parseDeploymentSpec(value: unknown): DeploymentSpec {
  const problems = [...checkValue(DeploymentSpec, value), ...contradictions(value)];
  if (problems.length === 0) return value as DeploymentSpec;
  const onlyKeys = problems.every(({ kind }) => kind === 'unknown-key');
  throw new Dsr1Error(onlyKeys ? 'UNKNOWN_KEY' : 'INVALID_ARGUMENT', problems.map(sentence).join('; '), {
    hint: hintFor(problems),
    details: { problems },
  });
}

function sentence({ kind, path, expected, found, nearest }: ValueProblem): string {
  const at = path === '' ? 'the deployment' : path;
  const meant = nearest === null ? '' : ` (did you mean ${nearest}?)`;
  if (kind === 'unknown-key') return `${at} is not a key of a deployment${meant}`;
  if (kind === 'missing-key') return `${at} is missing: expected ${expected}`;
  return `${at}: expected ${expected}, found ${found}${meant}`;
}

function hintFor(problems: readonly ValueProblem[]): string {
  const unknown = problems.find(({ kind }) => kind === 'unknown-key');
  if (unknown === undefined) return 'correct the values named above; docs/cli.md has an example of each';
  return `keys at that place: ${unknown.expected.replace(/^one of /, '')}`;
}

/** What the schema cannot say: keys that need or exclude each other. Assumes nothing about the value's form. */
function contradictions(value: unknown): readonly ValueProblem[] {
  const spec = (value ?? {}) as Partial<DeploymentSpec>;
  const kind = spec.engine?.kind;
  const found: ValueProblem[] = [];
  const say = (path: string, expected: string, what: string) =>
    found.push({ kind: 'wrong-value', path, expected, found: what, nearest: null });
  if (kind === 'command' && !(Array.isArray(spec.engine?.command) && spec.engine.command.length > 0))
    say('engine.command', 'the argv template to run, since engine.kind is command', 'nothing');
  if (kind !== 'command' && kind !== undefined && spec.engine?.command !== undefined)
    say('engine.command', 'no command unless engine.kind is command', 'a command');
  if ((kind === 'sglang' || kind === 'vllm' || kind === 'vllm-ray') && spec.model === undefined)
    say('model.path', `the model folder that ${kind} serves`, 'nothing');
  if (typeof spec.model?.path === 'string' && !spec.model.path.startsWith('/'))
    say('model.path', 'an absolute path', JSON.stringify(spec.model.path));
  const names = spec.nodes?.names;
  if (Array.isArray(names) && spec.nodes?.count !== undefined && spec.nodes.count !== names.length)
    say('nodes.count', `${names.length}, the number of nodes.names`, String(spec.nodes.count));
  if (Array.isArray(names) && new Set(names).size !== names.length)
    say('nodes.names', 'every node once', JSON.stringify(names));
  return found;
}
