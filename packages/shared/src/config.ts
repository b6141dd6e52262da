/**
 * Configuration of the daemons, in layers: defaults of the schema < file (YAML) < environment < flags. The schema is a
 * flat object: key `stateDir` is the variable `<PREFIX>STATE_DIR` and the flag `--state-dir`.
 */
import { readFileSync } from 'node:fs';
import type { Static, TObject, TProperties, TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { parse, stringify } from 'yaml';
import { Dsr1Error } from './errors.ts';
import { problemsOf, schemaError } from './schema.ts';

export type ConfigSource = 'default' | 'file' | 'environment' | 'flag';

export interface ConfigRequest {
  /** Read when it exists. */
  readonly defaultFile: string;
  /** Named by a person: must exist. */
  readonly file?: string | undefined;
  /** `DSR1_COORDINATOR_`: every variable that begins so must be a key of the schema. */
  readonly envPrefix: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Parsed flags by key; undefined ones were not given. */
  readonly flags: Readonly<Record<string, unknown>>;
}

export interface LoadedConfig<T> {
  readonly config: Readonly<T>;
  /** Where each key came from. */
  readonly sources: Readonly<Record<string, ConfigSource>>;
}

/** @throws UNKNOWN_KEY, CONFIG_INVALID: naming the key, what was found and the layer it came from */
export function loadConfig<P extends TProperties>(
  schema: TObject<P>,
  request: ConfigRequest,
): LoadedConfig<Static<TObject<P>>> {
  const flags = Object.fromEntries(Object.entries(request.flags).filter(([, value]) => value !== undefined));
  const layers: readonly (readonly [ConfigSource, string, Readonly<Record<string, unknown>>])[] = [
    ['file', request.file ?? request.defaultFile, fromFile(request)],
    ['environment', 'environment', fromEnv(schema, request)],
    ['flag', 'flags', fromText(schema, flags)],
  ];
  const merged: Record<string, unknown> = {};
  const sources: Record<string, ConfigSource> = Object.fromEntries(
    Object.keys(schema.properties).map((key) => [key, 'default']),
  );
  for (const [source, name, layer] of layers) {
    checkLayer(schema, layer, name);
    Object.assign(merged, layer);
    for (const key of Object.keys(layer)) sources[key] = source;
  }
  const config = Value.Default(schema, merged);
  const problems = problemsOf(schema, config);
  if (problems.length > 0)
    throw schemaError(problems, { what: 'configuration', code: 'CONFIG_INVALID', hint: HINT });
  return { config: Object.freeze(config as Static<TObject<P>>), sources };
}

/** The text of `--print-config`: YAML that is a valid file, with the source of every value as its comment. */
export function printConfig(loaded: LoadedConfig<object>): string {
  const config = loaded.config as Readonly<Record<string, unknown>>;
  return Object.entries(loaded.sources)
    .map(
      ([key, source]) =>
        `${stringify({ [key]: config[key] }, { flowCollectionPadding: false, collectionStyle: 'flow' })
          .replace(/^\{(.*)\}\n$/s, '$1')
          .trimEnd()} # ${source}\n`,
    )
    .join('');
}

const HINT = 'correct it there; docs/config.md lists all settings, --print-config shows those in force';

/** `stateDir` → `STATE_DIR`. */
export const envNameOf = (key: string): string =>
  key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
/** `stateDir` → `--state-dir`. */
export const flagNameOf = (key: string): string =>
  `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** Problems of one layer are told with the layer's name; keys that it lacks are no problem yet. */
function checkLayer(schema: TObject, layer: Readonly<Record<string, unknown>>, name: string): void {
  const problems = problemsOf(schema, layer).filter((problem) => problem.message !== 'is missing');
  if (problems.length > 0) throw schemaError(problems, { what: name, code: 'CONFIG_INVALID', hint: HINT });
}

function fromFile(request: ConfigRequest): Readonly<Record<string, unknown>> {
  const path = request.file ?? request.defaultFile;
  const text = readText(path, request.file !== undefined);
  if (text === null) return {};
  const value = parseYaml(text, path) ?? {};
  if (typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new Dsr1Error(
    'CONFIG_INVALID',
    `${path} holds ${Array.isArray(value) ? 'a list' : typeof value}, expected keys and values`,
    { hint: HINT },
  );
}

function readText(path: string, required: boolean): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' && !required) return null;
    throw new Dsr1Error(
      'CONFIG_INVALID',
      `the configuration file ${path} cannot be read (${code ?? String(cause)})`,
      { cause, hint: 'name a file that is there and readable, or leave --config out' },
    );
  }
}

function parseYaml(text: string, path: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    throw new Dsr1Error('CONFIG_INVALID', `${path} is not YAML: ${(cause as Error).message.split('\n')[0]}`, {
      cause,
      hint: HINT,
    });
  }
}

function fromEnv(schema: TObject, request: ConfigRequest): Readonly<Record<string, unknown>> {
  const keys = new Map(
    Object.keys(schema.properties).map((key) => [request.envPrefix + envNameOf(key), key]),
  );
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.env)) {
    if (!name.startsWith(request.envPrefix) || value === undefined) continue;
    const key = keys.get(name);
    if (key === undefined) {
      throw new Dsr1Error(
        'UNKNOWN_KEY',
        `environment: ${name} is not a known variable (known: ${[...keys.keys()].join(', ')})`,
        { hint: HINT },
      );
    }
    values[key] = value;
  }
  return fromText(schema, values);
}

/** Text of variables and flags as the type that the schema asks for; text that does not fit stays, for checkLayer to name. */
function fromText(
  schema: TObject,
  values: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => {
      const property = schema.properties[key] as (TSchema & { type?: string }) | undefined;
      if (typeof value !== 'string' || property === undefined) return [key, value];
      if (property.type === 'array')
        return [key, value === '' ? [] : value.split(',').map((item) => item.trim())];
      return [key, Value.Convert(property, value)];
    }),
  );
}
