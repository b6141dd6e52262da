/** Reads config.json field by field: what is absent is told apart from what is absurd, and both are named. */

/** A field that no model can have: a negative size, a billion layers, a word where a number belongs. */
export interface Refusal {
  readonly field: string;
  readonly expected: string;
  readonly found: string;
}

export type JsonObject = Readonly<Record<string, unknown>>;

export interface ConfigReader {
  readonly refusals: readonly Refusal[];
  /** First of `names` that is there, as a whole number in [1, most]; null when none is. */
  count(names: readonly string[], most?: number): number | null;
  /** As `count`, but 0 is a value. */
  whole(name: string, most?: number): number | null;
  flag(name: string): boolean | null;
  text(name: string): string | null;
  /** An array of at most 10,000 values, or null. */
  list(name: string): readonly unknown[] | null;
  object(name: string): JsonObject | null;
}

export function configReader(config: JsonObject): ConfigReader {
  const refusals: Refusal[] = [];
  const refuse = (field: string, expected: string): null => {
    if (!refusals.some((refusal) => refusal.field === field))
      refusals.push({ field, expected, found: shown(config[field]) });
    return null;
  };
  const whole = (field: string, least: number, most: number): number | null => {
    const value = config[field];
    if (value === undefined || value === null) return null;
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
    return refuse(field, `a whole number from ${least} to ${most}`);
  };
  const typed = <T>(field: string, expected: string, holds: (value: unknown) => value is T): T | null => {
    const value = config[field];
    if (value === undefined || value === null) return null;
    return holds(value) ? value : refuse(field, expected);
  };
  return {
    refusals,
    count: (names, most = MOST) => {
      const found = names.find((name) => config[name] !== undefined && config[name] !== null);
      return found === undefined ? null : whole(found, 1, most);
    },
    whole: (name, most = MOST) => whole(name, 0, most),
    flag: (name) => typed(name, 'true or false', (value): value is boolean => typeof value === 'boolean'),
    text: (name) => typed(name, 'a text', (value): value is string => typeof value === 'string'),
    list: (name) =>
      typed(
        name,
        'a list of at most 10000 values',
        (value): value is unknown[] => Array.isArray(value) && value.length <= 10_000,
      ),
    object: (name) => typed(name, 'an object', isObject),
  };
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Ten times the largest number of any published model (Llama 4's 10,485,760 positions). */
const MOST = 100_000_000;

const shown = (value: unknown): string => (JSON.stringify(value) ?? String(value)).slice(0, 60);
