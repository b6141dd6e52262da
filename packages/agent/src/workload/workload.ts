/** The ranks of this node: commands in, reports out. Everything of one deployment happens in turn. */
import { readdirSync } from 'node:fs';
import { Dsr1Error } from '@dsr1/shared/errors';
import { hashOf } from '@dsr1/shared/hash';
import { failureOf } from '@dsr1/shared/wire/failure';
import type { Failure, RankReport } from '@dsr1/shared/wire/messages';
import { decide, type RunCommand } from './decide.ts';
import { decideStart } from './decide-start.ts';
import { createExecutor, type ExecuteDeps } from './execute.ts';
import { openJournal } from './journal.ts';
import { isLive, type Step } from './model.ts';
import { reportOf } from './report.ts';
import { type RunTable, runTable } from './run-table.ts';
import { runIdOf as runIdOfProcess } from './runtimes/proc.ts';
import { createSupervisor, type SupervisorDeps } from './supervisor.ts';

export interface WorkloadDeps
  extends Pick<ExecuteDeps, 'folders' | 'runtimes' | 'engineOf' | 'prepare' | 'clock' | 'bootId' | 'log'>,
    Pick<SupervisorDeps, 'probeHealth'> {
  readonly stateDir: string;
  /** Tells runs of agents that share one host apart; part of every run id. */
  readonly nodeTag: string;
  readonly onReport: (report: RankReport) => void;
}

export interface Workload {
  /** Fences and carries out one command. Never rejects: a refusal is the answer. */
  handle(command: RunCommand, receivedAtMs: number): Promise<Failure | null>;
  reports(): readonly RankReport[];
  maxLeaderEpoch(): number;
  /** Where a process of a run logs, with what must be masked in it; null when the node has no such run. */
  logOf(deployment: string, epoch: number, processId: string): RunLog | null;
  /** Ends every rank: the node was removed. */
  stopAll(reason: string): Promise<void>;
  /** Lets go of everything but the ranks, which run on. */
  close(): Promise<void>;
}

export interface RunLog {
  readonly path: string;
  readonly secrets: readonly string[];
  readonly isOver: () => boolean;
}

/** Opens the journal and takes over what runs. @throws STATE_CORRUPT, DISK_FULL */
export async function openWorkload(deps: WorkloadDeps): Promise<Workload> {
  const { clock, log, folders } = deps;
  const { journal, quarantined } = openJournal(deps.stateDir, clock.wallMs());
  const table = runTable(journal, folders, log);
  let sequence = Math.floor(clock.wallMs());
  const report = (runId: string): RankReport | null => {
    const run = table.get(runId);
    sequence += 1;
    return run === undefined ? null : reportOf(run, supervisor.live(runId), sequence);
  };
  const changed = (runId: string): void => {
    const news = report(runId);
    if (news !== null) deps.onReport(news);
  };
  const supervisor = createSupervisor({ ...deps, table, changed });
  const runIdOf = (deployment: string, epoch: number, rank: number): string =>
    `${deployment}-${epoch}-r${rank}-${deps.nodeTag}`;
  const execute = createExecutor({ ...deps, table, supervisor, runIdOf, changed });
  const inTurn = queues();

  const runSteps = async (steps: readonly Step[]): Promise<void> => {
    for (const step of steps) await execute(step);
  };

  if (quarantined !== null) {
    log.error({ quarantined }, 'the journal was damaged: set aside, rebuilt from what runs');
    rebuild(table, deps);
  }
  for (const step of decideStart(table.state(), deps.bootId)) {
    await runSteps([step]).catch((err: unknown) => log.error({ err, step }, 'taking over a run failed'));
  }
  warnOfOrphans(table, deps);

  return {
    handle: (command, receivedAtMs) =>
      inTurn(command.deployment, async () => {
        try {
          const waitedMs = clock.monotonicMs() - receivedAtMs;
          if (command.ttlMs > 0 && waitedMs > command.ttlMs) {
            throw new Dsr1Error(
              'COMMAND_EXPIRED',
              `the command waited ${Math.round(waitedMs)} ms, it was good for ${command.ttlMs} ms`,
            );
          }
          const planHash = command.action.kind === 'prepare' ? hashOf(command.action.plan) : '';
          const decision = decide(table.state(), command, { nowMs: clock.monotonicMs(), planHash });
          if (decision.refused !== null) return decision.refused;
          await runSteps(decision.steps);
          table.flush();
          return null;
        } catch (thrown) {
          const failure = failureOf(thrown);
          if (failure.code === 'INTERNAL') log.error({ err: thrown }, 'command failed');
          return failure;
        }
      }),
    reports: () => [...table.state().runs.keys()].map(report).filter((one) => one !== null),
    maxLeaderEpoch: () => table.state().maxLeaderEpoch,
    logOf(deployment, epoch, processId) {
      const run = [...table.state().runs.values()].find(
        (one) => one.deployment === deployment && one.epoch === epoch,
      );
      if (run === undefined || !run.plan.processes.some(({ id }) => id === processId)) return null;
      const isOver = (): boolean => {
        const now = table.get(run.runId);
        return now === undefined || now.state === 'exited' || now.state === 'stopped';
      };
      return { path: folders.logFileOf(run, processId), secrets: [folders.apiKeyOf(run)], isOver };
    },
    async stopAll(reason) {
      const steps = [...table.state().runs.values()].flatMap(
        ({ runId, deployment, epoch }): readonly Step[] => [
          { kind: 'tombstone', deployment, epoch },
          { kind: 'stop', runId, graceMs: null, reason },
        ],
      );
      await Promise.all(steps.map((step) => runSteps([step])));
    },
    async close() {
      supervisor.close();
      journal.close();
    },
  };
}

/** One queue per deployment: a slow stop of one does not hold up another. */
function queues(): <T>(key: string, work: () => Promise<T>) => Promise<T> {
  const tails = new Map<string, Promise<unknown>>();
  return (key, work) => {
    const turn = (tails.get(key) ?? Promise.resolve()).then(work);
    const tail = turn.catch(() => {}).then(() => void (tails.get(key) === tail && tails.delete(key)));
    tails.set(key, tail);
    return turn;
  };
}

/** After the loss of the journal: run folders of this boot tell what was live; everything older than that stays refused. */
function rebuild(table: RunTable, { folders, bootId }: WorkloadDeps): void {
  for (const run of folders.keptRecords().filter((kept) => kept.bootId === bootId && isLive(kept))) {
    table.note(run);
    table.bury(run.deployment, run.epoch - 1);
  }
}

/** Processes of this agent that it does not remember are named, never killed: a person or the coordinator decides. */
function warnOfOrphans(table: RunTable, { nodeTag, log }: WorkloadDeps): void {
  for (const pid of readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)) {
    const runId = runIdOfProcess(pid);
    if (runId?.endsWith(`-${nodeTag}`) === true && table.get(runId) === undefined) {
      log.warn({ pid, runId }, 'a process carries a run id that this agent does not remember');
    }
  }
}
