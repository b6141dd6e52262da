/** `ip route` (text and -j) and `ip rule` (iproute2: ip/iproute.c, ip/iprule.c). */
import type { Route } from '../../facts/netdev.ts';
import { isIpv4, isIpv6 } from './address.ts';
import { integer, isRecord, type JsonRecord, jsonObjects, list, text, unknownJson } from './json.ts';
import type { RuleRow } from './rows.ts';
import { type Dump, type Parsed, readLines } from './text.ts';

/** Routes with a device; a multipath route gives one row for each next hop. Unreachable ones are read and left out. */
export function parseIpRoute(dump: Dump): Parsed<Route> {
  const rows: Route[] = [];
  let multipath: string | null = null;
  const unknown = readLines(dump, (line) => {
    const match = /^\s*(?:(?:unicast|local|broadcast|multicast|anycast)\s+)?(\S+)\s*(.*)$/.exec(line);
    const [first, rest] = [match?.[1] ?? '', match?.[2] ?? ''];
    if (/^(unreachable|blackhole|prohibit|throw)$/.test(first))
      return isDestination(rest.split(' ')[0] ?? '');
    const hop = first === 'nexthop' && multipath !== null;
    if (!hop && !isDestination(first)) return false;
    const destination = hop ? (multipath ?? '') : first;
    const device = after(rest, 'dev');
    multipath = device === null || hop ? destination : null;
    if (device !== null) rows.push(route(destination, device, rest));
    return device !== null || / (proto|metric|src) /.test(` ${rest}`) || rest === '';
  });
  return { rows, unknown };
}

/** `ip -j route`. */
export function parseIpRouteJson(dump: Dump): Parsed<Route> {
  const rows = jsonObjects(dump).flatMap(routesOf);
  return { rows, unknown: rows.length === 0 ? unknownJson(dump) : [] };
}

export function parseIpRule(dump: Dump): Parsed<RuleRow> {
  const rows: RuleRow[] = [];
  const unknown = readLines(dump, (line) => {
    const match = /^\s*(\d+):\s+(?:not )?from (\S+)(?:\s.*)? lookup (\S+)/.exec(line);
    if (match) rows.push({ priority: Number(match[1]), from: match[2] ?? '', table: match[3] ?? '' });
    return match !== null;
  });
  return { rows, unknown };
}

function route(destination: string, device: string, rest: string): Route {
  const gateway = /(?:^|\s)via (?:inet6? )?(\S+)/.exec(rest)?.[1] ?? null;
  const v6 =
    destination.includes(':') ||
    (destination === 'default' && gateway?.includes(':') === true && !/ via inet6 /.test(` ${rest}`));
  const metric = after(rest, 'metric');
  return {
    family: v6 ? 6 : 4,
    destination: withPrefix(destination),
    gateway,
    device,
    source: after(rest, 'src'),
    metric: metric !== null && /^\d+$/.test(metric) ? Number(metric) : null,
  };
}

function routesOf(record: JsonRecord): Route[] {
  const destination = text(record, 'dst');
  if (destination === null || !isDestination(destination)) return [];
  const hops = text(record, 'dev') === null ? list(record, 'nexthops').filter(isRecord) : [record];
  return hops.flatMap((hop) => {
    const device = text(hop, 'dev');
    const gateway = text(hop, 'gateway');
    if (device === null) return [];
    const family = `${destination}${destination === 'default' ? (gateway ?? '') : ''}`.includes(':') ? 6 : 4;
    return [
      {
        family,
        destination: withPrefix(destination),
        gateway,
        device,
        source: text(record, 'prefsrc'),
        metric: integer(record, 'metric'),
      } satisfies Route,
    ];
  });
}

function isDestination(token: string): boolean {
  const [address = '', prefix = '0'] = token.split('/', 2);
  return token === 'default' || ((isIpv4(address) || isIpv6(address)) && /^\d{1,3}$/.test(prefix));
}

function withPrefix(destination: string): string {
  if (destination === 'default' || destination.includes('/')) return destination;
  return `${destination}/${destination.includes(':') ? 128 : 32}`;
}

function after(rest: string, word: string): string | null {
  const tokens = rest.split(/\s+/);
  const at = tokens.indexOf(word);
  return at < 0 ? null : (tokens[at + 1] ?? null);
}
