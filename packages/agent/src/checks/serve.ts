/** The side that waits: TCP listeners on every end, and the far side of each verbs test. */
import { createServer, type Server } from 'node:net';
import type { CheckEnd, PacketCount } from '@dsr1/shared/fabric/check/model';
import type {
  ServeAnswer,
  ServeRequest,
  TcpListener,
  VerbsListener,
} from '@dsr1/shared/fabric/check/requests';
import type { Host } from '../host/host.ts';
import { type Counter, countPackets } from './counters.ts';
import { awaitListening, serverArgv, VERBS_LIMIT_MS } from './verbs.ts';

export interface Served {
  readonly answer: ServeAnswer;
  /** Closes the listeners; packets counted per rail since the start. */
  end(): Promise<readonly { readonly rail: number; readonly packets: PacketCount }[]>;
}

/** Where launches take their ports from. */
const POOL = { low: 20_000, size: 10_000 };
const POOL_TRIES = 20;

export async function serve(host: Host, { ends, verbs }: ServeRequest): Promise<Served> {
  const tcp = await Promise.all(ends.flatMap((end) => [listenOn(end, 'address'), listenOn(end, 'link')]));
  const rails = [...new Set(verbs.map(({ rail }) => rail))];
  const counters = await Promise.all(rails.flatMap((rail) => startCounting(host, endOf(ends, rail))));
  const started = await Promise.all(
    verbs.map(({ rail, tool }) => startServer(host, endOf(ends, rail), rail, tool)),
  );
  return {
    answer: { tcp: tcp.flatMap((one) => one?.listener ?? []), verbs: started },
    async end() {
      for (const server of tcp.flatMap((one) => one?.servers ?? [])) server.close();
      return Promise.all(counters.map(async ({ rail, counter }) => ({ rail, packets: await counter() })));
    },
  };
}

const endOf = (ends: readonly CheckEnd[], rail: number): CheckEnd | undefined =>
  ends.find((end) => end.rail === rail);

function startCounting(host: Host, end: CheckEnd | undefined): Promise<{ rail: number; counter: Counter }>[] {
  if (end?.device == null || end.rail === null) return [];
  const { rail } = end;
  return [countPackets(host, end.device, end.port).then((counter) => ({ rail, counter }))];
}

async function startServer(
  host: Host,
  end: CheckEnd | undefined,
  rail: number,
  tool: VerbsListener['tool'],
): Promise<VerbsListener> {
  if (end === undefined) return { rail, tool, port: 0, problem: 'no such rail here' };
  const port = await freePort();
  const ended = host.run(serverArgv(tool, end, port), { timeoutMs: VERBS_LIMIT_MS });
  return { rail, tool, port, problem: await awaitListening(host, port, ended) };
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = await listen('::', 0).catch(() => listen('0.0.0.0', 0));
  const port = portOf(server);
  await new Promise((closed) => server.close(closed));
  return port;
}

/** On the end's planned address, or on the one that its link has by itself; null when it has none. */
async function listenOn(
  end: CheckEnd,
  on: TcpListener['on'],
): Promise<{ listener: TcpListener; servers: readonly Server[] } | null> {
  const address =
    on === 'address' ? end.address : end.linkLocal === null ? null : `${end.linkLocal}%${end.netdev}`;
  if (address === null || (on === 'link' && end.rail === null)) return null;
  try {
    const servers =
      on === 'address' ? [await listenInPool(address), await listen(address, 0)] : [await listen(address, 0)];
    return { listener: { rail: end.rail, on, ports: servers.map(portOf), problem: null }, servers };
  } catch (error) {
    return { listener: { rail: end.rail, on, ports: [], problem: (error as Error).message }, servers: [] };
  }
}

async function listenInPool(address: string): Promise<Server> {
  const first = POOL.low + Math.floor(Math.random() * (POOL.size - POOL_TRIES));
  for (let port = first; port < first + POOL_TRIES - 1; port++) {
    try {
      return await listen(address, port);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
  return listen(address, first + POOL_TRIES - 1);
}

/** Answers whoever connects with the bytes that it sends. */
function listen(host: string, port: number): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.pipe(socket);
  });
  server.unref();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => resolve(server));
  });
}

const portOf = (server: Server): number => {
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : 0;
};
