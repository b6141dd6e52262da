/** Values of flags, parsed; a bad one is a usage error that names what was expected. */
import { Dsr1Error } from '@dsr1/shared/errors';
import { InvalidArgumentError } from 'commander';
import { generalText } from './text/general.ts';

export function parseCount(text: string): number {
  if (!/^\d{1,9}$/.test(text) || Number(text) === 0)
    throw new InvalidArgumentError(generalText.expectedCount);
  return Number(text);
}

export function parseWhole(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError(generalText.expectedWhole);
  return Number(text);
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** `90`, `90s`, `15m`, `2h`, `1d` → seconds. */
export function parseDuration(text: string): number {
  const [, digits, unit = 's'] = /^(\d{1,9})([smhd])?$/.exec(text) ?? [];
  if (digits === undefined) throw new InvalidArgumentError(generalText.expectedDuration);
  return Number(digits) * (UNIT_SECONDS[unit] ?? 1);
}

/** For repeatable flags. */
export const appendTo = (value: string, previous: readonly string[] | undefined): string[] => [
  ...(previous ?? []),
  value,
];

/** `a,b` and repetition both make lists. */
export const appendList = (value: string, previous: readonly string[] | undefined): string[] => [
  ...(previous ?? []),
  ...value.split(',').filter((each) => each !== ''),
];

/** Ports of a coordinator unless it is configured otherwise (docs/config.md). */
export const HTTP_PORT = 7440;
export const JOIN_PORT = 7441;

/** `host`, `host:port`, `[v6]:port` or a bare IPv6 address. @throws INVALID_ARGUMENT */
export function parseHostPort(text: string, defaultPort: number): { host: string; port: number } {
  const bareV6 = /^[0-9a-fA-F:.]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.]*$/.test(text) ? text : undefined;
  const [, v6, name, digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = bareV6 ?? v6 ?? name;
  const port = digits === undefined ? defaultPort : Number(digits);
  if (host !== undefined && port >= 1 && port <= 65_535) return { host, port };
  throw new Dsr1Error('INVALID_ARGUMENT', generalText.badHostPort(text), {
    hint: generalText.badHostPortHint,
  });
}
