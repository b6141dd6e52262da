/**
 * What goes up the stream, with bounded memory when the line is slow: of each rank only the newest report waits, heartbeats
 * are left out, log readers are held back.
 */

import { encodeFromAgent } from '@dsr1/shared/wire/codec';
import type { AgentMessage } from '@dsr1/shared/wire/generated/dsr1/v1/AgentMessage';
import type { FromAgent, Heartbeat, RankReport } from '@dsr1/shared/wire/messages';

/** The part of a gRPC stream that is needed here. */
export interface WireStream {
  write(message: AgentMessage, flushed?: () => void): boolean;
  once(event: 'drain', listener: () => void): unknown;
}

export interface Outbox {
  send(message: FromAgent, flushed?: () => void): void;
  report(report: RankReport): void;
  heartbeat(heartbeat: Heartbeat): void;
  /** Resolves when the line takes more, or the session is over. */
  ready(): Promise<void>;
  close(): void;
}

export function createOutbox(stream: WireStream): Outbox {
  const held = new Map<string, RankReport>();
  let waiting: (() => void)[] = [];
  let congested = false;
  let closed = false;
  const wake = (): void => {
    const woken = waiting;
    waiting = [];
    for (const resume of woken) resume();
  };
  const write = (message: FromAgent, flushed?: () => void): void => {
    if (closed) return;
    if (stream.write(encodeFromAgent(message), flushed) || congested) return;
    congested = true;
    stream.once('drain', () => {
      congested = false;
      const reports = [...held.values()];
      held.clear();
      for (const report of reports) outbox.report(report);
      wake();
    });
  };
  const outbox: Outbox = {
    send: write,
    report(report) {
      if (congested) held.set(`${report.deployment} ${report.epoch} ${report.rank}`, report);
      else write({ kind: 'rank', report });
    },
    heartbeat(heartbeat) {
      if (!congested) write({ kind: 'heartbeat', heartbeat });
    },
    ready: () => (congested && !closed ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve()),
    close() {
      closed = true;
      wake();
    },
  };
  return outbox;
}
