/**
 * Data in both directions between every pair of ranks, over the control interface and over every rail that both have.
 * Each side dials from its own planned address, so a wrong route or a blocked port shows here and not in the engine.
 */

import { createHash } from 'node:crypto';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Member } from './channel.ts';
import type { Say } from './rendezvous.ts';

/** Bytes that each side sends on each path. */
const PAYLOAD_BYTES = 8 << 20;
const CONNECT_MS = 10_000;
const STALL_MS = 15_000;
/** Path number of the control interface; rails count from 0. */
const CONTROL = -1;

/** Starts taking data on one address; resolves when it listens. */
export function listenForData(address: string, port: number, rank: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => serve(socket, rank));
    server.once('error', (error) =>
      reject(new Error(`rank ${rank} cannot take data on ${address}:${port}: ${error.message}`)),
    );
    server.listen({ host: address, port }, () => resolve(server));
  });
}

/** Exchanges with every rank above our own (those below dial us); throws on the first path that fails. */
export async function exchangeWithAll(self: Member, members: readonly Member[], say: Say): Promise<void> {
  for (const peer of members.filter((member) => member.rank > self.rank)) {
    await exchange(self, peer, CONTROL, self.address, peer.address, say);
    for (const own of self.rails) {
      const theirs = peer.rails.find((rail) => rail.rail === own.rail);
      if (theirs) await exchange(self, peer, own.rail, own.address, theirs.address, say);
    }
  }
}

async function exchange(
  self: Member,
  peer: Member,
  path: number,
  from: string,
  to: string,
  say: Say,
): Promise<void> {
  const label = path === CONTROL ? 'control' : `rail ${path}`;
  const startedMs = performance.now();
  try {
    await dial(self.rank, peer.rank, path, from, to, peer.dataPort);
  } catch (error) {
    throw new Error(
      `rank ${self.rank} cannot exchange data with rank ${peer.rank} over ${label} (${from} -> ${to}:${peer.dataPort}): ${(error as Error).message}`,
    );
  }
  const seconds = (performance.now() - startedMs) / 1000;
  const rate = (2 * PAYLOAD_BYTES) / 1e6 / seconds;
  say(
    `exchange: rank ${self.rank} <-> rank ${peer.rank} over ${label} (${from} -> ${to}) ok, ${rate.toFixed(0)} MB/s`,
  );
}

function dial(
  self: number,
  peer: number,
  path: number,
  from: string,
  to: string,
  port: number,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: to, port, localAddress: from });
    socket.setTimeout(CONNECT_MS, () => socket.destroy(new Error('no answer')));
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.setTimeout(STALL_MS);
      const head = Buffer.alloc(8);
      head.writeInt32BE(self, 0);
      head.writeInt32BE(path, 4);
      socket.write(head);
      socket.write(payload(self, peer, path));
      receive(socket, payload(peer, self, path), Buffer.alloc(0)).then(() => {
        socket.end();
        resolve();
      }, reject);
    });
  });
}

/** Answers one dialler: checks what it sent, then sends our own payload back. */
function serve(socket: Socket, rank: number): void {
  socket.setTimeout(STALL_MS, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  let head = Buffer.alloc(0);
  const readHead = (chunk: Buffer): void => {
    head = Buffer.concat([head, chunk]);
    if (head.length < 8) return;
    socket.off('data', readHead);
    const from = head.readInt32BE(0);
    const path = head.readInt32BE(4);
    receive(socket, payload(from, rank, path), head.subarray(8)).then(
      () => socket.write(payload(rank, from, path)),
      () => socket.destroy(),
    );
  };
  socket.on('data', readHead);
}

/** Reads until exactly the expected bytes have come; rejects on any other byte. */
function receive(socket: Socket, expected: Buffer, first: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    let offset = 0;
    const take = (chunk: Buffer): void => {
      if (expected.compare(chunk, 0, chunk.length, offset, offset + chunk.length) !== 0) {
        reject(new Error(`received bytes differ from what was sent, at byte ${offset}`));
        return;
      }
      offset += chunk.length;
      if (offset === expected.length) {
        socket.off('data', take);
        resolve();
      }
    };
    socket.on('data', take);
    socket.once('close', () =>
      reject(new Error(`connection closed after ${offset} of ${expected.length} bytes`)),
    );
    if (first.length > 0) take(first);
  });
}

/** Bytes that only this sender sends to this receiver on this path, so crossed cables and mixed-up ranks show. */
function payload(from: number, to: number, path: number): Buffer {
  const block = Buffer.concat(
    Array.from({ length: 2048 }, (_, i) =>
      createHash('sha256').update(`${from}>${to}#${path}.${i}`).digest(),
    ),
  );
  return Buffer.alloc(PAYLOAD_BYTES, block);
}
