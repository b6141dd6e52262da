/** The side that dials: every path of one pair, the rails at the same time, the tests of a rail one after the other. */
import { connect } from 'node:net';
import type { CheckEnd, PairResult } from '@dsr1/shared/fabric/check/model';
import type { DialAnswer, DialRequest, TcpListener } from '@dsr1/shared/fabric/check/requests';
import type { Host } from '../host/host.ts';
import { countPackets } from './counters.ts';
import { clientArgv, lastWords, readFigures, VERBS_LIMIT_MS } from './verbs.ts';

const CONNECT_LIMIT_MS = 3_000;
const PING_LIMIT_MS = 5_000;
/** IPv4 and ICMP headers. */
const PING_OVERHEAD_BYTES = 28;
const PAYLOAD = Buffer.alloc(64 * 1024, 'dsr1');

export async function dial(host: Host, request: DialRequest): Promise<DialAnswer> {
  const paths = await Promise.all(request.own.map((own) => dialPath(host, own, request)));
  return { results: paths.flat() };
}

async function dialPath(host: Host, own: CheckEnd, request: DialRequest): Promise<PairResult[]> {
  const peer = request.peer.find(({ rail }) => rail === own.rail);
  if (peer === undefined) return [];
  const blank = blankResult(own, peer);
  const tcp = await dialTcp(own, peer, blank, request.listening.tcp);
  const mtu = tcp.every(({ outcome }) => outcome === 'pass')
    ? await pingFullSize(host, own, peer, blank)
    : [];
  // Where no address reaches the peer, RDMA has no chance: the layer below is what to repair.
  const dead = tcp.length > 0 && tcp.every(({ outcome }) => outcome === 'fail');
  const verbs = dead ? [] : await runVerbs(host, own, blank, request);
  const failed = [...tcp, ...verbs].some(({ outcome }) => outcome === 'fail');
  return [...tcp, ...mtu, ...verbs, ...(failed ? await dialLinks(own, blank, request) : [])];
}

const blankResult = (own: CheckEnd, peer: CheckEnd): PairResult => ({
  from: own.node,
  to: peer.node,
  rail: own.rail,
  test: 'tcp',
  tool: null,
  outcome: 'untested',
  detail: '',
  gigabitsPerSecond: null,
  microseconds: null,
  packets: null,
  reachedRails: [],
});

async function dialTcp(
  own: CheckEnd,
  peer: CheckEnd,
  blank: PairResult,
  listeners: readonly TcpListener[],
): Promise<PairResult[]> {
  const listener = listeners.find(({ rail, on }) => rail === own.rail && on === 'address');
  const { address } = peer;
  if (own.address === null || address === null || listener === undefined) return [];
  if (listener.problem !== null)
    return [
      { ...blank, outcome: 'fail', detail: `${peer.node} cannot listen on ${address}: ${listener.problem}` },
    ];
  const tries = await Promise.all(
    listener.ports.map(async (port) => ({ port, why: await exchange(address, port, own.address) })),
  );
  return tries.map(({ port, why }) => ({
    ...blank,
    outcome: why === null ? 'pass' : 'fail',
    detail: `${own.address} to ${address}:${port}${why === null ? '' : `: ${why}`}`,
  }));
}

/** One packet of the interface's full size that must not be cut into pieces; untested without `ping`. */
async function pingFullSize(
  host: Host,
  own: CheckEnd,
  peer: CheckEnd,
  blank: PairResult,
): Promise<PairResult[]> {
  if (own.address?.includes('.') !== true || peer.address === null) return [];
  const mtuBytes = Math.min(own.mtuBytes ?? 1500, peer.mtuBytes ?? 1500);
  const size = String(mtuBytes - PING_OVERHEAD_BYTES);
  const answer = await host.run(
    [
      'ping',
      '-n',
      '-q',
      '-c',
      '2',
      '-i',
      '0.3',
      '-W',
      '2',
      '-M',
      'do',
      '-s',
      size,
      '-I',
      own.address,
      peer.address,
    ],
    { timeoutMs: PING_LIMIT_MS },
  );
  if (!answer.answered && answer.why === 'missing') return [];
  const passed = answer.answered && answer.exitCode === 0;
  const what = `packets of ${mtuBytes} bytes, ${own.address} to ${peer.address}`;
  return [
    {
      ...blank,
      test: 'mtu',
      outcome: passed ? 'pass' : 'fail',
      detail: passed ? what : `${what}: ${lossOf(answer.answered ? answer.stdout : answer.reason)}`,
    },
  ];
}

const lossOf = (text: string): string => /[\d.]+% packet loss/.exec(text)?.[0] ?? text.trim().slice(0, 80);

/** Which rails of the peer does this rail's cable lead to? By the addresses that links have without configuration. */
async function dialLinks(own: CheckEnd, blank: PairResult, request: DialRequest): Promise<PairResult[]> {
  const listeners = request.listening.tcp.filter(({ on, ports }) => on === 'link' && ports.length > 0);
  if (own.rail === null || own.linkLocal === null || listeners.length === 0) return [];
  const reached = await Promise.all(
    listeners.map(async ({ rail, ports }) => {
      const address = request.peer.find((end) => end.rail === rail)?.linkLocal;
      if (address == null || rail === null) return [];
      return (await exchange(`${address}%${own.netdev}`, ports[0] ?? 0, null)) === null ? [rail] : [];
    }),
  );
  const reachedRails = reached.flat();
  const right = reachedRails.includes(own.rail);
  const where =
    reachedRails.length === 0
      ? 'reaches no rail of the peer'
      : `reaches rail ${reachedRails.join(', ')} of the peer`;
  return [
    {
      ...blank,
      test: 'link',
      outcome: right ? 'pass' : 'fail',
      detail: `the link of ${own.netdev} ${where}`,
      reachedRails,
    },
  ];
}

async function runVerbs(
  host: Host,
  own: CheckEnd,
  blank: PairResult,
  request: DialRequest,
): Promise<PairResult[]> {
  const control = request.peer.find(({ rail }) => rail === null)?.address ?? null;
  const results: PairResult[] = [];
  for (const { rail, tool, port, problem } of request.listening.verbs) {
    if (rail !== own.rail || own.device === null || control === null) continue;
    const base: PairResult = { ...blank, test: 'verbs', tool };
    const failed = results.find(({ outcome }) => outcome === 'fail');
    if (failed !== undefined || problem !== null) {
      const why = failed === undefined ? `${blank.to}: ${problem}` : `not run: ${failed.tool} failed`;
      results.push({ ...base, outcome: failed === undefined ? 'fail' : 'untested', detail: why });
      continue;
    }
    const counter = await countPackets(host, own.device, own.port);
    const answer = await host.run(clientArgv(tool, own, port, control), { timeoutMs: VERBS_LIMIT_MS });
    const figures = answer.answered && answer.exitCode === 0 ? readFigures(tool, answer.stdout) : null;
    results.push({
      ...base,
      ...(figures ?? {}),
      outcome: figures === null ? 'fail' : 'pass',
      detail: figures === null ? lastWords(answer) : `${own.device} row ${own.gidIndex ?? '-'}`,
      packets: { from: await counter(), to: { sent: null, received: null } },
    });
  }
  return results;
}

/** null when 64 KiB went there and back; else why not. */
function exchange(host: string, port: number, localAddress: string | null): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const socket = connect({ host, port, ...(localAddress === null ? {} : { localAddress }) });
  const finish = (why: string | null): void => {
    clearTimeout(timer);
    socket.destroy();
    resolve(why);
  };
  const timer = setTimeout(() => finish(`no answer within ${CONNECT_LIMIT_MS} ms`), CONNECT_LIMIT_MS);
  let missing = PAYLOAD.length;
  socket.once('connect', () => socket.write(PAYLOAD));
  socket.on('data', (chunk) => {
    missing -= chunk.length;
    if (missing <= 0) finish(null);
  });
  socket.once('error', (error: NodeJS.ErrnoException) => finish(error.code ?? error.message));
  socket.once('close', () => finish('closed before all bytes came back'));
  return promise;
}
