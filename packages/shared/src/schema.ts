/** Values from outside (files, requests, facts) against a TypeBox schema: the value itself, or one error that names the place. */
import type { Static, TSchema } from 'typebox';
import { Value } from 'typebox/value';
import type { ErrorCode } from './error-table.ts';
import { Dsr1Error } from './errors.ts';

export interface Problem {
  /** `network.perNode.gpu-1.gidIndex`; empty for the value itself. */
  readonly path: string;
  readonly unknownKey: boolean;
  readonly message: string;
}

export interface DecodeOptions {
  /** What the value is, to begin the message with: `deployment`, `/etc/dsr1/agent.yaml`. */
  readonly what: string;
  /** Code of a wrong value; an unknown key is always UNKNOWN_KEY. */
  readonly code?: ErrorCode;
  readonly hint?: string;
}

/** @throws UNKNOWN_KEY, or `options.code` (default INVALID_ARGUMENT), about the first problem; details hold all. */
export function decode<T extends TSchema>(schema: T, value: unknown, options: DecodeOptions): Static<T> {
  if (Value.Check(schema, value)) return value;
  throw schemaError(problemsOf(schema, value), options);
}

/** The error about a non-empty list of problems. */
export function schemaError(problems: readonly Problem[], options: DecodeOptions): Dsr1Error {
  const first = problems.find((problem) => problem.unknownKey) ?? problems[0];
  const subject = first === undefined || first.path === '' ? options.what : `${options.what}: ${first.path}`;
  return new Dsr1Error(
    first?.unknownKey === true ? 'UNKNOWN_KEY' : (options.code ?? 'INVALID_ARGUMENT'),
    `${subject} ${first?.message ?? 'does not fit its schema'}`,
    { details: { problems }, ...(options.hint === undefined ? {} : { hint: options.hint }) },
  );
}

/** Every problem once, in the order of the schema; empty when the value fits. */
export function problemsOf(schema: TSchema, value: unknown): readonly Problem[] {
  const errors = Value.Errors(schema, value);
  // A union reports each refused member and then itself: one line saying what was allowed is enough.
  const unions = errors.filter((error) => error.keyword === 'anyOf').map((error) => error.schemaPath);
  const problems = errors
    .filter((error) => !unions.some((path) => error.schemaPath.startsWith(`${path}/`)))
    .flatMap((error) => describe(schema, value, error));
  return problems.filter(
    (a, i) => problems.findIndex((b) => b.path === a.path && b.message === a.message) === i,
  );
}

type SchemaErrorEntry = ReturnType<typeof Value.Errors>[number];

function describe(schema: TSchema, value: unknown, error: SchemaErrorEntry): readonly Problem[] {
  // Each key that `additionalProperties: false` refuses comes a second time as "schema is false".
  if (error.keyword === 'boolean') return [];
  const at = dotted(error.instancePath);
  const params = error.params as Readonly<Record<string, unknown>>;
  if (error.keyword === 'additionalProperties') {
    const known = Object.keys((subschema(schema, error.schemaPath)?.properties as object | undefined) ?? {});
    const says =
      known.length === 0 ? 'is not a known key' : `is not a known key (known: ${known.join(', ')})`;
    return keysOf(params.additionalProperties).map((key) => ({
      path: joined(at, key),
      unknownKey: true,
      message: says,
    }));
  }
  if (error.keyword === 'required') {
    return keysOf(params.requiredProperties).map((key) => ({
      path: joined(at, key),
      unknownKey: false,
      message: 'is missing',
    }));
  }
  const found = show(valueAt(value, error.instancePath));
  return [{ path: at, unknownKey: false, message: `${expectation(schema, error)}, found ${found}` }];
}

function expectation(schema: TSchema, error: SchemaErrorEntry): string {
  if (error.keyword !== 'anyOf') return error.message;
  const members = (subschema(schema, error.schemaPath)?.anyOf ?? []) as readonly Record<string, unknown>[];
  const names = members.map((member) =>
    'const' in member ? String(member.const) : String(member.type ?? 'object'),
  );
  return `must be one of ${names.join(', ')}`;
}

/** Walks `#/properties/a/anyOf/0`. */
function subschema(schema: TSchema, path: string): Record<string, unknown> | undefined {
  return valueAt(schema, path.replace(/^#/, '')) as Record<string, unknown> | undefined;
}

function valueAt(value: unknown, pointer: string): unknown {
  let at = value;
  for (const key of segments(pointer)) at = (at as Record<string, unknown> | undefined)?.[key];
  return at;
}

const segments = (pointer: string): readonly string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
const dotted = (pointer: string): string => segments(pointer).join('.');
const joined = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`);
const keysOf = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : []);

function show(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
