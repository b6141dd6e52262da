/** Commands that wait for their results, and log tails that wait for their bytes. */
import { randomUUID } from 'node:crypto';
import { Dsr1Error, isErrorCode } from '@dsr1/shared/errors';
import type { AgentCommand, CommandResult, Failure } from '@dsr1/shared/wire/messages';
import type { NodeSession } from './record.ts';

export type UnsentCommand = Omit<AgentCommand, 'leaderEpoch' | 'commandId'>;

export interface Commands {
  /** Sends on `session` and resolves with the result, whatever happens to the node. */
  send(session: NodeSession, command: UnsentCommand, timeoutMs: number): Promise<CommandResult>;
  tail(session: NodeSession, command: UnsentCommand, signal: AbortSignal): AsyncIterable<Uint8Array>;
  settle(session: NodeSession, result: CommandResult): void;
  log(
    session: NodeSession,
    chunk: { readonly commandId: string; readonly data: Uint8Array; readonly end: boolean },
  ): void;
  /** Fails everything that waits for this session. */
  cut(session: NodeSession): void;
}

interface Waiting {
  readonly session: NodeSession;
  settle(result: CommandResult): void;
}

/** A reader this far behind is ended: logs are on the node, and memory is not theirs. */
const TAIL_BUFFER_BYTES = 8 * 1024 * 1024;

export function createCommands(leaderEpoch: () => number): Commands {
  const waiting = new Map<string, Waiting>();
  const tails = new Map<string, Tail>();

  const dispatch = (session: NodeSession, command: UnsentCommand): string => {
    const commandId = randomUUID();
    session.send({ kind: 'command', command: { ...command, leaderEpoch: leaderEpoch(), commandId } });
    return commandId;
  };
  const stopTail = (session: NodeSession, commandId: string): void => {
    const action = { kind: 'abort', reason: 'nobody reads any more' } as const;
    session.send({
      kind: 'command',
      command: { deployment: '', epoch: 0, ttlMs: 0, action, leaderEpoch: leaderEpoch(), commandId },
    });
  };

  return {
    send(session, command, timeoutMs) {
      const { promise, resolve } = Promise.withResolvers<CommandResult>();
      const commandId = dispatch(session, command);
      const timer = setTimeout(
        () =>
          settle(
            failed(
              commandId,
              'TIMEOUT',
              `the node did not answer ${command.action.kind} within ${timeoutMs} ms`,
            ),
          ),
        timeoutMs,
      );
      const settle = (result: CommandResult): void => {
        clearTimeout(timer);
        waiting.delete(commandId);
        resolve(result);
      };
      waiting.set(commandId, { session, settle });
      return promise;
    },
    async *tail(session, command, signal) {
      const tail = createTail(session);
      const commandId = dispatch(session, command);
      tails.set(commandId, tail);
      // A tail that the node refuses is answered like any other command.
      waiting.set(commandId, {
        session,
        settle: (result) => result.failure !== null && tail.fail(asError(result.failure)),
      });
      const abort = () => tail.end();
      signal.addEventListener('abort', abort, { once: true });
      try {
        if (!signal.aborted) yield* tail.chunks();
      } finally {
        signal.removeEventListener('abort', abort);
        tails.delete(commandId);
        waiting.delete(commandId);
        if (!tail.endedByNode()) stopTail(session, commandId);
      }
    },
    settle(session, result) {
      const entry = waiting.get(result.commandId);
      if (entry?.session === session) entry.settle(result);
    },
    log(session, chunk) {
      const tail = tails.get(chunk.commandId);
      if (tail?.session !== session) return;
      tail.push(chunk.data);
      if (chunk.end) tail.endByNode();
    },
    cut(session) {
      for (const [commandId, entry] of [...waiting]) {
        if (entry.session === session)
          entry.settle(failed(commandId, 'NODE_OFFLINE', 'the session of the node ended before it answered'));
      }
      for (const tail of tails.values()) if (tail.session === session) tail.endByNode();
    },
  };
}

export const failed = (
  commandId: string,
  code: 'NODE_OFFLINE' | 'TIMEOUT',
  message: string,
): CommandResult => ({
  commandId,
  failure: {
    code,
    message,
    hint: code === 'NODE_OFFLINE' ? 'check dsr1-agent on the node: `systemctl status dsr1-agent`' : null,
  },
  prepared: null,
  probe: null,
});

/** A failure that a node sent, as an error of ours. */
export function asError(failure: Failure): Dsr1Error {
  const code = isErrorCode(failure.code) ? failure.code : 'INTERNAL';
  return new Dsr1Error(code, failure.message, failure.hint === null ? {} : { hint: failure.hint });
}

type Tail = ReturnType<typeof createTail>;

/** A queue between the session, which pushes, and one reader. */
function createTail(session: NodeSession) {
  const queue: Uint8Array[] = [];
  let queuedBytes = 0;
  let state: 'open' | 'ended' | 'ended-by-node' = 'open';
  let error: Dsr1Error | null = null;
  let wake: () => void = () => {};
  const stop = (next: typeof state) => {
    if (state === 'open') state = next;
    wake();
  };
  return {
    session,
    endedByNode: () => state === 'ended-by-node',
    end: () => stop('ended'),
    endByNode: () => stop('ended-by-node'),
    fail(reason: Dsr1Error) {
      error = reason;
      stop('ended-by-node');
    },
    push(data: Uint8Array) {
      if (state !== 'open' || data.length === 0) return;
      queuedBytes += data.length;
      queue.push(data);
      if (queuedBytes > TAIL_BUFFER_BYTES) {
        error = new Dsr1Error('OVERLOADED', 'the log comes faster than it is read', {
          hint: 'read it on the node',
        });
        stop('ended');
      }
      wake();
    },
    async *chunks(): AsyncGenerator<Uint8Array> {
      while (true) {
        for (let data = queue.shift(); data !== undefined; data = queue.shift()) {
          queuedBytes -= data.length;
          yield data;
        }
        if (error !== null) throw error;
        if (state !== 'open') return;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}
