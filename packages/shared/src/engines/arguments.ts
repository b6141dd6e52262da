/** What an operator may put into `engine.args`: checked against the flags that the version has and those that dsr1 sets. */
import { nearest } from '../nearest.ts';
import type { EngineProblem } from './engine.ts';
import { type FlagTable, resolveFlag } from './flag-table.ts';

export interface ArgumentRules {
  /** Flags that the plan sets → what to use instead. Canonical names. */
  readonly owned: Readonly<Record<string, string>>;
  /** Flags that some older version had → what to write today. */
  readonly replaced: Readonly<Record<string, string>>;
  /** null = the version's flags are not known, so only owned flags can be told. */
  readonly table: FlagTable | null;
  /** vLLM reads `--max_model_len` and `-cc.mode` as `--max-model-len` and `-cc`. */
  readonly flexibleNames: boolean;
  /** `vllm 0.32.0`, for messages. */
  readonly version: string;
}

export function checkArguments(args: readonly string[], rules: ArgumentRules): readonly EngineProblem[] {
  const first = args[0];
  if (first !== undefined && !isFlag(first))
    return [
      {
        category: 'bad-flag',
        because: `engine.args starts with ${first}, which belongs to no flag`,
        fix: 'start with a flag (--name)',
      },
    ];
  return args.filter(isFlag).flatMap((token) => problemOf(token, rules) ?? []);
}

const isFlag = (token: string) => token.startsWith('-') && token !== '-' && !/^-[\d.]/.test(token);

function problemOf(token: string, rules: ArgumentRules): EngineProblem | null {
  const [written = '', value] = token.split(/=(.*)/s, 2);
  const name = rules.flexibleNames ? flexible(written) : written;
  const replacement = Object.hasOwn(rules.replaced, name) ? rules.replaced[name] : undefined;
  const resolved = rules.table === null ? plainOwned(name, rules) : resolveFlag(rules.table, name);
  if (resolved === null) {
    if (rules.table === null && replacement === undefined) return null;
    return unknown(written, replacement, rules);
  }
  if ('ambiguous' in resolved)
    return {
      category: 'bad-flag',
      because: `${written} could mean ${resolved.ambiguous.join(' or ')}`,
      fix: 'write it out',
    };
  const instead = [resolved.name, ...resolved.aliases]
    .map((alias) => rules.owned[alias])
    .find((text) => text !== undefined);
  if (instead !== undefined)
    return {
      category: 'flag-owned',
      because: `engine.args sets ${written}, which the plan sets itself`,
      fix: instead,
    };
  if (resolved.isSwitch && value !== undefined)
    return {
      category: 'bad-flag',
      because: `${written} is a switch in ${rules.version} and takes no value, found =${value}`,
      fix: switchAdvice(resolved.name, resolved.aliases, value),
    };
  return null;
}

function unknown(written: string, replacement: string | undefined, rules: ArgumentRules): EngineProblem {
  const because = `${rules.version} has no ${written}`;
  if (replacement !== undefined) return { category: 'bad-flag', because, fix: replacement };
  const guess = rules.table === null ? null : nearest(written, rules.table.names.keys());
  return {
    category: 'bad-flag',
    because,
    fix: guess === null ? `remove ${written}` : `did you mean ${guess}?`,
  };
}

/** Without a table only the flags that dsr1 sets are known. */
function plainOwned(name: string, { owned }: ArgumentRules) {
  return Object.hasOwn(owned, name) ? { name, aliases: [], isSwitch: false } : null;
}

function switchAdvice(name: string, aliases: readonly string[], value: string): string {
  const off = aliases.find((alias) => alias.startsWith('--no-'));
  if (!/^(false|0|no|off)$/i.test(value)) return `write ${name} alone`;
  return off === undefined ? `leave ${name} out` : `write ${off}`;
}

const flexible = (written: string) =>
  (written.startsWith('--') ? written.replaceAll('_', '-') : written).replace(/(?<=^--?[^.]+)\..*$/, '');
