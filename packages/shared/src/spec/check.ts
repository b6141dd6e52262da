/**
 * Compares a plain value (from YAML, JSON or flags) with a schema and names everything that is wrong, in the words of
 * the person who wrote it. Knows the part of JSON Schema that this project's closed objects use.
 */
import type { TSchema } from 'typebox';
import { nearest } from '../nearest.ts';

export interface ValueProblem {
  readonly kind: 'unknown-key' | 'missing-key' | 'wrong-value';
  /** `network.perNode.gpu1.hcas[0]`; empty for the whole value. */
  readonly path: string;
  readonly expected: string;
  readonly found: string;
  /** The key that was probably meant. */
  readonly nearest: string | null;
}

interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** Every difference between the value and the schema, outermost first; [] = it fits. */
export function checkValue(schema: TSchema, value: unknown): readonly ValueProblem[] {
  return [...problems(schema as Schema, value, '')];
}

function* problems(schema: Schema, value: unknown, path: string): Generator<ValueProblem> {
  if (schema.anyOf !== undefined) {
    if (!schema.anyOf.some((choice) => problems(choice, value, path).next().done))
      yield wrong(schema, value, path);
  } else if (schema.type === 'object') {
    yield* objectProblems(schema, value, path);
  } else if (schema.type === 'array') {
    if (!Array.isArray(value)) yield wrong(schema, value, path);
    else if (schema.items !== undefined)
      for (const [index, item] of value.entries()) yield* problems(schema.items, item, `${path}[${index}]`);
  } else if (!scalarFits(schema, value)) {
    yield wrong(schema, value, path);
  }
}

function* objectProblems(schema: Schema, value: unknown, path: string): Generator<ValueProblem> {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    return yield wrong(schema, value, path);
  const known = schema.properties ?? {};
  const others = Object.values(schema.patternProperties ?? {})[0];
  for (const key of schema.required ?? [])
    if (!Object.hasOwn(value, key))
      yield {
        kind: 'missing-key',
        path: join(path, key),
        expected: expectation(known[key] ?? {}),
        found: 'nothing',
        nearest: null,
      };
  for (const [key, member] of Object.entries(value)) {
    const memberSchema = Object.hasOwn(known, key) ? known[key] : others;
    if (memberSchema !== undefined) yield* problems(memberSchema, member, join(path, key));
    else
      yield {
        kind: 'unknown-key',
        path: join(path, key),
        expected: `one of ${Object.keys(known).join(', ')}`,
        found: key,
        nearest: nearest(key, Object.keys(known)),
      };
  }
}

function scalarFits(schema: Schema, value: unknown): boolean {
  if (schema.const !== undefined) return value === schema.const;
  if (schema.type === 'boolean') return typeof value === 'boolean';
  if (schema.type === 'string')
    return (
      typeof value === 'string' && (schema.pattern === undefined || new RegExp(schema.pattern).test(value))
    );
  if (typeof value !== 'number' || (schema.type === 'integer' && !Number.isInteger(value))) return false;
  return (
    value >= (schema.minimum ?? Number.NEGATIVE_INFINITY) &&
    value <= (schema.maximum ?? Number.POSITIVE_INFINITY)
  );
}

const wrong = (schema: Schema, value: unknown, path: string): ValueProblem => ({
  kind: 'wrong-value',
  path,
  expected: expectation(schema),
  found: shown(value),
  nearest: typeof value === 'string' ? nearest(value, literals(schema)) : null,
});

const literals = (schema: Schema): readonly string[] =>
  (schema.anyOf ?? []).map((choice) => String(choice.const));

function expectation(schema: Schema): string {
  if (schema.anyOf !== undefined) return `one of ${literals(schema).join(', ')}`;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.type === 'array') return `a list, each item ${expectation(schema.items ?? {})}`;
  if (schema.type === 'object')
    return schema.properties === undefined
      ? 'a map'
      : `a map with ${Object.keys(schema.properties).join(', ')}`;
  if (schema.pattern !== undefined) return `text like ${schema.pattern}`;
  if (schema.minimum === undefined && schema.maximum === undefined)
    return `${article(schema.type)} ${schema.type}`;
  if (schema.maximum === undefined)
    return `${article(schema.type)} ${schema.type} of at least ${schema.minimum}`;
  return `${article(schema.type)} ${schema.type} from ${schema.minimum ?? 'any'} to ${schema.maximum}`;
}

const article = (type: string | undefined) => (type === 'integer' ? 'an' : 'a');

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}

const join = (path: string, key: string) => (path === '' ? key : `${path}.${key}`);
