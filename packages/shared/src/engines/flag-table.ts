/** The argument list of one engine version, read from that version itself (docs/engines.md says how). */
import type { EngineInstall } from '../facts/node.ts';

export interface Flag {
  readonly name: string;
  readonly aliases: readonly string[];
  /** Takes no value. */
  readonly isSwitch: boolean;
}

export interface FlagTable {
  readonly version: string;
  /** Every spelling → its flag. */
  readonly names: ReadonlyMap<string, Flag>;
}

/** What was read of the install itself, else the shipped table of its version; null = neither. */
export const flagsOf = (
  install: EngineInstall,
  shipped: (version: string) => FlagTable | null,
): FlagTable | null =>
  install.flags === undefined ? shipped(install.version) : flagTable(install.version, install.flags);

/** Reads `--name,--alias` words; `!` at the end marks a switch. */
export function flagTable(version: string, words: string): FlagTable {
  const names = new Map<string, Flag>();
  for (const word of words.split(/\s+/).filter((text) => text !== '')) {
    const isSwitch = word.endsWith('!');
    const [name = '', ...aliases] = word.replace('!', '').split(',');
    for (const spelling of [name, ...aliases]) names.set(spelling, { name, aliases, isSwitch });
  }
  return { version, names };
}

/** The flag that argparse would take for a spelling: exact, or the one long flag that it abbreviates; null = none. */
export function resolveFlag(
  table: FlagTable,
  spelling: string,
): Flag | { readonly ambiguous: readonly string[] } | null {
  const exact = table.names.get(spelling);
  if (exact !== undefined) return exact;
  if (!spelling.startsWith('--')) return null;
  const matches = [...table.names].filter(([name]) => name.startsWith(spelling));
  const flags = new Set(matches.map(([, flag]) => flag.name));
  if (flags.size > 1) return { ambiguous: matches.slice(0, 4).map(([name]) => name) };
  return matches[0]?.[1] ?? null;
}
