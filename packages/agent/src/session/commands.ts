/** Commands of one session: what concerns runs goes to the workload, the rest is answered here. */
import { assertNever } from '@dsr1/shared/errors';
import { failureOf } from '@dsr1/shared/wire/failure';
import type { AgentCommand, Failure } from '@dsr1/shared/wire/messages';
import type { RunCommand } from '../workload/decide.ts';
import { tailLog } from '../workload/log/tail-log.ts';
import type { Workload } from '../workload/workload.ts';
import type { Outbox } from './outbox.ts';

export interface CommandDeps {
  readonly workload: Pick<Workload, 'handle' | 'maxLeaderEpoch' | 'logOf'>;
  readonly outbox: Outbox;
  /** Collects facts anew and sends them. */
  readonly collectFacts: () => Promise<void>;
  readonly bootId: string;
  /** Answers probes: this node's part in a check of its gang. */
  readonly probe: (kind: string, args: unknown) => Promise<unknown>;
  /** Identity of this agent process: reservations end with it. */
  readonly sessionId: string;
  readonly monotonicMs: () => number;
}

export interface CommandHandler {
  handle(command: AgentCommand): void;
  /** Ends all log tails. */
  close(): void;
}

const MAX_TAILS = 16;

export function createCommandHandler(deps: CommandDeps): CommandHandler {
  const { workload, outbox } = deps;
  const tails = new Map<string, AbortController>();
  const answer = (
    commandId: string,
    failure: Failure | null,
    prepared: { bootId: string; sessionId: string } | null = null,
    probe: unknown = null,
  ): void => outbox.send({ kind: 'result', result: { commandId, failure, prepared, probe } });

  const follow = async (
    command: AgentCommand,
    request: { process: string; lastLines: number; follow: boolean },
  ): Promise<void> => {
    const { commandId, deployment, epoch } = command;
    const log = workload.logOf(deployment, epoch, request.process);
    if (log === null) {
      const message = `this node has no process ${request.process} of ${deployment}, epoch ${epoch}`;
      return answer(commandId, { code: 'NOT_FOUND', message, hint: null });
    }
    if (tails.size >= MAX_TAILS) {
      return answer(commandId, {
        code: 'OVERLOADED',
        message: `${MAX_TAILS} logs of this node are being read already`,
        hint: 'end one of them',
      });
    }
    const abort = new AbortController();
    tails.set(commandId, abort);
    try {
      for await (const data of tailLog(log, request, abort.signal)) {
        await outbox.ready();
        if (abort.signal.aborted) return;
        outbox.send({ kind: 'log', commandId, data, end: false });
      }
      outbox.send({ kind: 'log', commandId, data: new Uint8Array(0), end: true });
    } finally {
      tails.delete(commandId);
    }
  };

  const run = async (command: AgentCommand): Promise<void> => {
    const { commandId, action, leaderEpoch } = command;
    // A tail has no fence: reading harms nothing, and its reader may be gone with the old leader.
    if (action.kind === 'abort' && tails.has(commandId)) return tails.get(commandId)?.abort();
    switch (action.kind) {
      case 'prepare':
      case 'commit':
      case 'abort':
      case 'stop': {
        const failure = await workload.handle(
          { ...command, action } satisfies RunCommand,
          deps.monotonicMs(),
        );
        const prepared =
          action.kind === 'prepare' && failure === null
            ? { bootId: deps.bootId, sessionId: deps.sessionId }
            : null;
        return answer(commandId, failure, prepared);
      }
      case 'tailLog':
        return follow(command, action);
      case 'collectFacts':
        if (leaderEpoch < workload.maxLeaderEpoch()) return answer(commandId, overLeader(leaderEpoch));
        await deps.collectFacts();
        return answer(commandId, null);
      case 'probe':
        if (leaderEpoch < workload.maxLeaderEpoch()) return answer(commandId, overLeader(leaderEpoch));
        return answer(commandId, null, null, await deps.probe(action.probe, action.arguments));
    }
    return assertNever(action);
  };

  return {
    handle(command) {
      run(command).catch((thrown: unknown) => {
        answer(command.commandId, failureOf(thrown));
      });
    },
    close() {
      for (const abort of tails.values()) abort.abort();
    },
  };
}

const overLeader = (leaderEpoch: number): Failure => ({
  code: 'STALE_EPOCH',
  message: `leader epoch ${leaderEpoch} is over`,
  hint: null,
});
