/**
 * Whose is a text that nobody described? What stands in it decides before where it lies: a prompt or caption, then the
 * host that a log names, then its own folder, then the name of its file beside others. Nothing outside of what was
 * given counts, so a file says the same however its path is spelled.
 */
import type { Evidence } from './evidence.ts';
import { classifyError } from './nccl-log/error-rules.ts';

/** Name of the node when nothing names one. */
export const NAMELESS = 'host';

/** Evidence of each file → evidence by node. A log of several hosts is evidence of each. */
export function evidenceByHost(files: ReadonlyMap<string, readonly Evidence[]>): Map<string, Evidence[]> {
  const units = [...Map.groupBy([...files], ([path]) => unitOf(path, [...files.keys()]))].map(
    ([name, members]) => ({ name, items: members.flatMap(([, items]) => items) }),
  );
  const owned = units.flatMap(({ name, items }) => ownersIn(items, name));
  const named = [...new Set(owned.flatMap(({ host }) => host ?? []))];
  const only = named.every((host) => isSameName(host, named[0] ?? host)) ? named[0] : undefined;
  const found = new Map<string, Evidence[]>();
  for (const { host, item } of owned) {
    // Remarks before the first prompt of a session say nothing of a further host.
    const told = host ?? only ?? (showsNothing(item) ? named[0] : undefined) ?? NAMELESS;
    const name = [...found.keys()].find((known) => isSameName(known, told)) ?? told;
    found.set(name, [...(found.get(name) ?? []), item]);
  }
  return found;
}

/** The host that a path alone names: its folder inside of what was given, or its file beside others; null when it names none. */
export function hostOfPath(path: string, all: readonly string[]): string | null {
  return unitOf(path, all)?.replace(/\/$/, '') ?? null;
}

/**
 * Paths that make no host: beside outputs of tools and logs, files in which nothing of the kind stands (a README), unless
 * their folder has more or they name a host.
 */
export function unrelatedFiles(files: ReadonlyMap<string, readonly Evidence[]>): string[] {
  const units = [...Map.groupBy([...files], ([path]) => unitOf(path, [...files.keys()]))].map(
    ([name, members]) => ({
      name,
      paths: members.map(([path]) => path),
      silent: members.every(([, items]) => items.every(saysNothing)),
    }),
  );
  return units.every(({ silent }) => silent)
    ? []
    : units.filter(({ name, silent }) => name !== null && silent).flatMap(({ paths }) => paths);
}

/** Neither rows nor a library's lines, nor an error, nor whose it is. */
function saysNothing(item: Evidence): boolean {
  return (
    item.host === null &&
    showsNothing(item) &&
    !item.unknown.some((line) => TOOL_IS_MISSING.test(line) || classifyError(line) !== null)
  );
}

const TOOL_IS_MISSING = /: (?:command )?not found\s*$/;

/** `gpu1` and `gpu1.cluster.local` are one host; `10.0.0.1` and `10.0.0.2` are two. */
export function isSameName(a: string, b: string): boolean {
  const short = (name: string): string =>
    (/^[\d.]+$/.test(name) ? name : (name.split('.')[0] ?? '')).toLowerCase();
  return short(a) === short(b);
}

/** A file, or all files of a folder: what is taken for one host's unless it says otherwise. null = nothing names it. */
function unitOf(path: string, all: readonly string[]): Unit | null {
  const shared = sharedFolder(all);
  const [top = '', ...rest] = path.slice(shared.length).split('/');
  if (rest.length > 0) return `${top}/`;
  return all.length === 1 ? null : hostOfFileName(top);
}

/** `gpu1/` for a folder, `gpu1` for a file. */
type Unit = string;

/** The folder that an archive puts around the folders of the hosts. */
function sharedFolder(paths: readonly string[]): string {
  const [first = ''] = paths;
  const folder = first.slice(0, first.indexOf('/') + 1);
  const around =
    folder !== '' &&
    paths.every((path) => path.startsWith(folder) && path.slice(folder.length).includes('/'));
  return around ? folder : '';
}

/** `gpu1.txt`, `gpu1-ibstat.txt` → gpu1; null for a name that only says what is in the file (`show_gids.txt`, `nccl.log`). */
function hostOfFileName(file: string): string | null {
  const stem = file.replace(/\.[a-z]{2,5}$/i, '');
  const rest = stem.replace(CONTENT_FIRST, '').replace(CONTENT_LAST, '');
  return rest === '' ? null : rest;
}

const CONTENT =
  '(?:ip(?:[-_ ]4)?(?:[-_ ](?:a|addr|address|r|route|rule|l|link))?|ibdev2netdev|show[-_]?gids|gid[-_]?table|(?:rdma[-_ ])?link|ibstat(?:us)?|ibv[-_]dev(?:ices|info)|ifconfig|interfaces|(?:nvidia[-_]smi[-_ ]?)?(?:topo)(?:[-_ ]mp?)?|nvidia[-_]smi|lspci|sysfs|nccl|env|ss|logs?|output|dump|facts)';
const CONTENT_FIRST = new RegExp(`^(?:${CONTENT}(?:[-_. ]+|$))+`, 'i');
const CONTENT_LAST = new RegExp(`(?:[-_. ]+${CONTENT})+$`, 'i');

interface Owned {
  readonly host: string | null;
  readonly item: Evidence;
}

function ownersIn(items: readonly Evidence[], unit: Unit | null): Owned[] {
  const prompted = [...new Set(items.flatMap(({ host }) => host ?? []))];
  const spoken = [...new Set(items.flatMap((item) => speakers(item)))];
  const unitName = unit?.replace(/\/$/, '') ?? null;
  const dumps = items.some((item) => item.reports.length === 0 && !showsNothing(item));
  const isFolder = unit?.endsWith('/') === true;
  // The one folder of a host holds its dumps beside the log of a container on it.
  const byLog = spoken.length === 1 && !(isFolder && dumps) ? spoken[0] : undefined;
  const home = prompted.length === 1 ? prompted[0] : prompted.length > 1 ? undefined : byLog;
  return items.flatMap((item): Owned[] => {
    const own = speakers(item);
    if (own.length > 1) return own.map((host) => ({ host, item: linesOfHost(item, host) }));
    const other = spoken.length > 1 && prompted.length === 0 ? own[0] : undefined;
    const apart = prompted.length > 1 ? own[0] : undefined;
    return [{ host: item.host ?? other ?? apart ?? home ?? unitName, item }];
  });
}

/** Hosts that the lines of a log name. */
function speakers({ reports }: Evidence): string[] {
  return reports.flatMap(({ host }) => host ?? []);
}

/** The settings that one of a log's hosts printed; its lines are known by their prefix. */
function linesOfHost(item: Evidence, host: string): Evidence {
  const own = item.reports.filter((report) => report.host === host);
  const settings = own.flatMap(({ env }) => Object.entries(env));
  return { ...item, env: settings.map(([name, value]) => ({ name, value, inForce: true })) };
}

/** Whether no rows of a tool and no line of a library are in it. */
export function showsNothing(item: Evidence): boolean {
  const { ports, gids, netdevs, routes, rules, devices, gpus, pci, pciNuma, env, sockets, topo, reports } =
    item;
  const found = [ports, gids, netdevs, routes, rules, devices, gpus, pci, pciNuma, env, sockets, reports];
  return topo === null && found.every(({ length }) => length === 0);
}
