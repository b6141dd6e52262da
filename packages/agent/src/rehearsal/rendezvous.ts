/**
 * All ranks meet at rank 0: it listens on the plan's rendezvous port, the others dial it from their own planned address
 * and register; when all are there, everyone gets the table of members.
 */
import { connect, createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Channel, type Member, openChannel } from './channel.ts';
import type { RehearsalOptions } from './options.ts';

export interface Meeting {
  readonly members: readonly Member[];
  /** Rank 0: a channel to every other rank, by rank. Other ranks: the channel to rank 0, under 0. */
  readonly channels: ReadonlyMap<number, Channel>;
}

export type Say = (line: string) => void;

const RETRY_MS = 200;
const SAY_WAITING_MS = 5_000;

/** Meets all ranks; waits as long as it takes (the agent holds the phase deadline). */
export function meet(options: RehearsalOptions, self: Member, say: Say): Promise<Meeting> {
  return options.rank === 0 ? host(options, self, say) : join(options, self, say);
}

function host(options: RehearsalOptions, self: Member, say: Say): Promise<Meeting> {
  return new Promise((resolve, reject) => {
    const members = new Map<number, Member>([[0, self]]);
    const channels = new Map<number, Channel>();
    const sayWaiting = (): void => {
      const absent = Array.from({ length: options.nodes }, (_, rank) => rank).filter(
        (rank) => !members.has(rank),
      );
      say(`rendezvous: waiting for rank ${absent.join(', ')} (${members.size} of ${options.nodes} present)`);
    };
    const timer = setInterval(sayWaiting, SAY_WAITING_MS);
    const finish = (server: Server): void => {
      clearInterval(timer);
      server.close();
      const table = [...members.values()].sort((a, b) => a.rank - b.rank);
      for (const channel of channels.values()) channel.send({ kind: 'table', members: table });
      resolve({ members: table, channels });
    };
    const server = createServer((socket) => {
      const channel = openChannel(socket);
      channel.onMessage((message) => {
        if (message.kind !== 'register') return;
        const { member } = message;
        if (member.rank <= 0 || member.rank >= options.nodes || members.has(member.rank)) {
          say(`rendezvous: refused a second or foreign rank ${member.rank} from ${socket.remoteAddress}`);
          channel.close();
          return;
        }
        members.set(member.rank, member);
        channels.set(member.rank, channel);
        channel.onEnd(() => {
          if (channels.get(member.rank) === channel) {
            channels.delete(member.rank);
            members.delete(member.rank);
          }
        });
        if (members.size === options.nodes) finish(server);
        else sayWaiting();
      });
    });
    server.on('error', (error) => {
      clearInterval(timer);
      reject(
        new Error(
          `rank 0 cannot listen on ${options.rendezvous.host}:${options.rendezvous.port}: ${error.message}`,
        ),
      );
    });
    server.listen({ host: options.rendezvous.host, port: options.rendezvous.port }, () => {
      if (options.nodes === 1) finish(server);
      else sayWaiting();
    });
  });
}

async function join(options: RehearsalOptions, self: Member, say: Say): Promise<Meeting> {
  let saidAtMs = 0;
  for (;;) {
    const outcome = await register(options, self);
    if (typeof outcome !== 'string') return outcome;
    const nowMs = performance.now();
    if (saidAtMs === 0 || nowMs - saidAtMs > SAY_WAITING_MS) {
      say(
        `rendezvous: rank 0 at ${options.rendezvous.host}:${options.rendezvous.port} is not there yet (${outcome})`,
      );
      saidAtMs = nowMs;
    }
    await sleep(RETRY_MS);
  }
}

/** One try: the meeting, or why it did not come about. */
function register(options: RehearsalOptions, self: Member): Promise<Meeting | string> {
  return new Promise((resolve) => {
    const socket = connect({ ...options.rendezvous, localAddress: options.address });
    socket.setTimeout(3_000, () => socket.destroy(new Error('connect timed out')));
    socket.once('error', (error) => resolve(error.message));
    socket.once('connect', () => {
      socket.setTimeout(0);
      const channel = openChannel(socket);
      channel.onEnd((reason) => resolve(reason));
      channel.onMessage((message) => {
        if (message.kind === 'table')
          resolve({ members: message.members, channels: new Map([[0, channel]]) });
      });
      channel.send({ kind: 'register', member: self });
    });
  });
}
