/**
 * Reads NCCL, RCCL and Gloo out of any log, line by line, in constant memory: an agent feeds it live, a support
 * bundle at once. One report a host; lines without a prefix belong to the host that spoke last.
 */
import { classifyError, isBenign, isWarning } from './error-rules.ts';
import { type HostFacts, newHostFacts, report } from './facts.ts';
import { isPortList, takeChannel, takeFacts } from './info-rules.ts';
import { isGlued, type LogRecord, recordsOf } from './line.ts';
import type { NcclError, NcclReport } from './model.ts';

/** Reads a whole log. */
export function readNcclLog(lines: Iterable<string>): NcclReport[] {
  const reader = createNcclLogReader();
  for (const line of lines) reader.push(line);
  return reader.reports();
}

export interface NcclLogReader {
  /** Takes one line, without its newline. */
  push(line: string): void;
  /** What the lines so far say; may be asked at any time. */
  reports(): NcclReport[];
}

/** A reader that holds at most `limits` of everything, however long the log is. */
export function createNcclLogReader(): NcclLogReader {
  const hosts = new Map<string | null, HostFacts>();
  let last: HostFacts | null = null;
  let declaredVersion: string | undefined;
  let lineNumber = 0;

  const factsOf = (record: LogRecord): HostFacts => {
    const host: string | null = record.host ?? last?.host ?? null;
    const known = hosts.get(host) ?? (hosts.size < limits.hosts ? undefined : last);
    if (known !== undefined && known !== null) return known;
    const facts = newHostFacts(host);
    hosts.set(host, facts);
    return facts;
  };

  return {
    push(line) {
      lineNumber++;
      if ((inside.test(line) && !isGlued(line)) || !(relevant.test(line) || isPortList(line))) return;
      declaredVersion ??= /\busing nccl==(\d+\.\d+\.\d+)/.exec(line)?.[1];
      for (const record of recordsOf(line)) {
        const facts = factsOf(record);
        last = facts;
        takeRecord(facts, record, lineNumber);
      }
    },
    reports: () => withDeclared(oneNetwork([...hosts.values()].filter(said).map(report)), declaredVersion),
  };
}

const limits = { hosts: 1024, errors: 64, benign: 16, unknown: 16 };

/** Channels inside a host: most of a long log, and nothing about the network. */
const inside = / via (?:P2P|SHM|direct)\b/;

/** Words of which every useful line has one. */
const relevant =
  /CCL|nccl==|NET\/|[Gg]loo|ibv_|IBV_|Bootstrap|[Ss]ocket|c10d|[Oo]ut of memory|loopback|connectFullMesh|libibverbs|UCX|\bQP\b|nvshmem|NVSHMEM|ibgda|RDMA|GID/;

function takeRecord(facts: HostFacts, record: LogRecord, lineNumber: number): void {
  if (facts.library === 'other' && record.text.includes('NCCL ')) facts.library = 'nccl';
  if (facts.library === 'other' && /[Gg]loo/.test(record.text)) facts.library = 'gloo';
  const text = record.text.slice(0, maxTextLength);
  if (takeChannel(facts, { ...record, text }, lineNumber)) return;
  takeFacts(facts, { ...record, text }, lineNumber);
  if (isBenign(text)) {
    if (facts.benign.size < limits.benign) facts.benign.add(text.trim());
    return;
  }
  const kinds = [classifyError(text), mixedLayers(text), tcpFallback(facts, text)].filter(
    (kind) => kind !== null,
  );
  const kind = kinds[0];
  if (kind === undefined) {
    takeUnknown(facts, text, lineNumber);
    return;
  }
  const key = [kind.category, kind.peer, kind.hca, record.gpu, wordingOf(text)].join('\n');
  if (facts.errorKeys.has(key) || facts.errors.length >= limits.errors) {
    facts.errorsDropped++;
    return;
  }
  facts.errorKeys.add(key);
  facts.errors.push(errorOf(record, text, lineNumber, kind));
}

/** Whatever NCCL itself calls a warning is worth reading, also where no rule knows what it means. */
function takeUnknown({ unknownWarnings }: HostFacts, text: string, lineNumber: number): void {
  if (!isWarning(text)) return;
  const wording = wordingOf(text);
  if (unknownWarnings.has(wording) || unknownWarnings.size >= limits.unknown) return;
  unknownWarnings.set(wording, { line: text.trim(), lineNumber });
}

/**
 * The first words of the message, with WARN (it ends here) or INFO (NCCL went on): two calls that fail for one reason
 * are two lines, a thousand ranks' are one.
 */
function wordingOf(text: string): string {
  return /NCCL (?:WARN|INFO) \D{0,32}/.exec(text)?.[0] ?? '';
}

/** Enough for every line that NCCL prints; patterns never see more. */
const maxTextLength = 4096;

type Kind = Pick<NcclError, 'category' | 'consequence' | 'peer' | 'hca' | 'localGid' | 'remoteGid'>;

function errorOf(record: LogRecord, text: string, lineNumber: number, kind: Kind): NcclError {
  const timestamp =
    /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?/.exec(text)?.[0] ?? null;
  return { line: text.trim(), lineNumber, timestamp, gpu: record.gpu, pid: record.pid, ...kind };
}

/** One rank that lists InfiniBand and RoCE devices together connects some of them to the wrong kind. */
function mixedLayers(text: string): Kind | null {
  if (!/NET\/IB ?: Using /.test(text) || !/:\d+\/IB\b/.test(text) || !/:\d+\/RoCE\b/.test(text)) return null;
  return { category: 'mixed-link-layers', consequence: false, ...nowhere };
}

/** Sockets that nobody asked for. */
function tcpFallback(facts: HostFacts, text: string): Kind | null {
  if (!/Using network Socket/.test(text) || facts.socketsChosen) return null;
  return { category: 'tcp-fallback', consequence: false, ...nowhere };
}

const nowhere = { peer: null, hca: null, localGid: null, remoteGid: null };

/** A host whose lines said nothing of use is no report. */
function said(facts: HostFacts): boolean {
  const { library, errors, network, provider, bootstrap, devices } = facts;
  return (
    library !== 'other' ||
    errors.length > 0 ||
    network !== null ||
    provider !== null ||
    bootstrap !== null ||
    devices.length > 0
  );
}

/**
 * A communicator has one network: a host that lists devices and whose own line was cut uses the one that all the
 * other hosts of the log name.
 */
function oneNetwork(reports: NcclReport[]): NcclReport[] {
  const named = new Set(reports.flatMap((item) => item.network ?? []));
  const [network] = named;
  if (named.size !== 1 || network === undefined) return reports;
  return reports.map((item) =>
    item.network === null && item.devicesUsed.length > 0 ? { ...item, network } : item,
  );
}

/** What vLLM and SGLang say of the NCCL that they load counts where NCCL's own line is nowhere in the log. */
function withDeclared(reports: NcclReport[], version: string | undefined): NcclReport[] {
  if (version === undefined || reports.some((item) => item.version !== null)) return reports;
  return reports.map((item) => ({ ...item, version }));
}
