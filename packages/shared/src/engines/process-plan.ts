/** Builds a process of the plan from settings that each carry their reason. */
import type { ProcessPlan } from '../plan/model.ts';

/** A flag (with or without value) or an environment variable, and why it is there. */
export interface Setting {
  readonly name: string;
  readonly value?: string;
  readonly because: string;
}

export interface ProcessParts {
  readonly id: string;
  /** Program and what comes before the flags. */
  readonly entry: readonly string[];
  readonly entryBecause: string;
  readonly flags: readonly Setting[];
  readonly env: readonly Setting[];
  /** The operator's own, checked before; they come last. */
  readonly operatorArgs: readonly string[];
  readonly operatorEnv: Readonly<Record<string, string>>;
}

const OPERATOR = "the deployment's own (engine.args, engine.env)";

export function processPlan(parts: ProcessParts): ProcessPlan {
  const { id, entry, flags, env, operatorArgs, operatorEnv } = parts;
  const operatorFlags = operatorArgs.filter((token) => token.startsWith('--'));
  return {
    id,
    argv: [
      ...entry,
      ...flags.flatMap(({ name, value }) => (value === undefined ? [name] : [name, value])),
      ...operatorArgs,
    ],
    env: { ...Object.fromEntries(env.map(({ name, value = '' }) => [name, value])), ...operatorEnv },
    reasons: {
      [entry[0] ?? 'argv']: parts.entryBecause,
      ...Object.fromEntries([...flags, ...env].map(({ name, because }) => [name, because])),
      ...Object.fromEntries(
        [...operatorFlags, ...Object.keys(operatorEnv)].map((name) => [name.replace(/=.*/s, ''), OPERATOR]),
      ),
    },
  };
}

/** Variables that the fabric selection chose, with its reasons. */
export const fabricSettings = (
  env: Readonly<Record<string, string>>,
  reasons: Readonly<Record<string, string>>,
): Setting[] =>
  Object.entries(env).map(([name, value]) => ({
    name,
    value,
    because: reasons[name] ?? 'chosen with the fabric',
  }));

/** A console script of a Python environment, or its name where that is all that is known; distributions put those of /usr/bin/python3 under /usr/local/bin. */
export function consoleScript(python: string | null, script: string): string {
  if (python === null || !python.includes('/')) return script;
  const folder = python.slice(0, python.lastIndexOf('/'));
  return `${folder === '/usr/bin' ? '/usr/local/bin' : folder}/${script}`;
}
