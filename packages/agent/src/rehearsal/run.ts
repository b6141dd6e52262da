/**
 * One rank of a rehearsal: meet, exchange data both ways over the control interface and every rail, then hold; rank 0
 * serves an OpenAI-compatible endpoint. It proves a gang's network before a model is loaded.
 *
 * The lines it prints are its contract with the phase reader (shared/src/engines/rehearsal/).
 */

import type { Server } from 'node:net';
import { hostname } from 'node:os';
import type { Channel, Member } from './channel.ts';
import { exchangeWithAll, listenForData } from './exchange.ts';
import { type GangAnswer, serveOpenAi } from './openai.ts';
import type { RehearsalOptions } from './options.ts';
import { type Meeting, meet, type Say } from './rendezvous.ts';

const ASK_MS = 5_000;

/** Runs the rank until a peer is lost (rejects with the reason). Ends by signal otherwise. */
export async function runRank(options: RehearsalOptions, say: Say): Promise<never> {
  const self: Member = {
    rank: options.rank,
    hostname: hostname(),
    address: options.address,
    dataPort: options.dataPort,
    rails: options.rails,
  };
  const listeners = await Promise.all(
    dataAddresses(options).map((a) => listenForData(a, options.dataPort, options.rank)),
  );
  const startedMs = performance.now();
  const meeting = await meet(options, self, say);
  say(
    `rendezvous complete, ${options.nodes} ranks in ${((performance.now() - startedMs) / 1000).toFixed(2)} s`,
  );
  const lost = peerLost(meeting);
  await Promise.race([exchangePhase(options, self, meeting, say), lost]);
  for (const listener of listeners as Server[]) listener.close();
  say('exchange complete');
  if (options.http) {
    await serveOpenAi(options.http, rollCall(self, meeting));
    say(`listening on http://${options.http.host}:${options.http.port}`);
    say('serving');
  } else {
    answerAsks(self, meeting);
    say(`rank ${options.rank} holds`);
  }
  return lost;
}

/** Own addresses on which data is taken: control and rails, each once. */
const dataAddresses = (options: RehearsalOptions): string[] => [
  ...new Set([options.address, ...options.rails.map((rail) => rail.address)]),
];

/** Rejects as soon as a rank that we hold a channel to is gone. */
function peerLost(meeting: Meeting): Promise<never> {
  return new Promise((_, reject) => {
    for (const [rank, channel] of meeting.channels)
      channel.onEnd((why) => reject(new Error(`lost rank ${rank}: ${why}`)));
  });
}

/** Our own exchanges, then the barrier: rank 0 tells all when every rank is done. */
async function exchangePhase(
  options: RehearsalOptions,
  self: Member,
  meeting: Meeting,
  say: Say,
): Promise<void> {
  const barrier = options.rank === 0 ? allExchanged(meeting) : released(meeting);
  await exchangeWithAll(self, meeting.members, say);
  if (options.rank !== 0)
    for (const channel of meeting.channels.values()) channel.send({ kind: 'exchanged', rank: self.rank });
  await barrier;
  if (options.rank === 0)
    for (const channel of meeting.channels.values()) channel.send({ kind: 'exchanged', rank: 0 });
}

function allExchanged(meeting: Meeting): Promise<void> {
  const waiting = new Set(meeting.channels.keys());
  return new Promise((resolve) => {
    if (waiting.size === 0) resolve();
    for (const channel of meeting.channels.values()) {
      channel.onMessage((message) => {
        if (message.kind === 'exchanged' && waiting.delete(message.rank) && waiting.size === 0) resolve();
      });
    }
  });
}

const released = (meeting: Meeting): Promise<void> =>
  new Promise((resolve) =>
    head(meeting).onMessage((message) => void (message.kind === 'exchanged' && resolve())),
  );

function answerAsks(self: Member, meeting: Meeting): void {
  const channel = head(meeting);
  channel.onMessage((message) => {
    if (message.kind === 'ask')
      channel.send({ kind: 'answer', id: message.id, rank: self.rank, hostname: self.hostname });
  });
}

function head(meeting: Meeting): Channel {
  const channel = meeting.channels.get(0);
  if (!channel) throw new Error('no channel to rank 0');
  return channel;
}

/** A function that asks every rank for a sign of life; ranks that do not answer in time are named. */
function rollCall(self: Member, meeting: Meeting): () => Promise<GangAnswer> {
  const open = new Map<number, (rank: number, name: string) => void>();
  for (const channel of meeting.channels.values()) {
    channel.onMessage((message) => {
      if (message.kind === 'answer') open.get(message.id)?.(message.rank, message.hostname);
    });
  }
  let calls = 0;
  return () =>
    new Promise((resolve) => {
      const id = ++calls;
      const startedMs = performance.now();
      const answers = new Map([[self.rank, self.hostname]]);
      const finish = (): void => {
        clearTimeout(timer);
        open.delete(id);
        resolve({
          answered: [...answers].sort(([a], [b]) => a - b).map(([rank, name]) => ({ rank, hostname: name })),
          silent: meeting.members.map((m) => m.rank).filter((rank) => !answers.has(rank)),
          milliseconds: performance.now() - startedMs,
        });
      };
      const timer = setTimeout(finish, ASK_MS);
      open.set(id, (rank, name) => {
        answers.set(rank, name);
        if (answers.size === meeting.members.length) finish();
      });
      for (const channel of meeting.channels.values()) channel.send({ kind: 'ask', id });
      if (meeting.channels.size === 0) finish();
    });
}
