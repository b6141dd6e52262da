/**
 * What a command means for the runs of this node. Pure: state in, steps or a refusal out.
 *
 * Fences, in this order: an older leader, a stopped epoch, an older epoch, the same epoch with other content. Whatever
 * passes them may be repeated at will: a repeat decides nothing new.
 */

import type { ErrorCode } from '@dsr1/shared/error-table';
import { assertNever } from '@dsr1/shared/errors';
import type { AgentCommand, CommandAction, Failure } from '@dsr1/shared/wire/messages';
import { type AgentState, type Decision, isLive, type RunRecord, type Step } from './model.ts';

type Action<K extends CommandAction['kind']> = Extract<CommandAction, { kind: K }>;

export interface RunCommand extends Omit<AgentCommand, 'action'> {
  readonly action: Action<'prepare' | 'commit' | 'abort' | 'stop'>;
}

export interface DecideContext {
  /** Monotonic clock of the boot. */
  readonly nowMs: number;
  /** SHA-256 of the plan that a prepare carries. */
  readonly planHash: string;
}

export function decide(state: AgentState, command: RunCommand, context: DecideContext): Decision {
  const { leaderEpoch } = command;
  if (leaderEpoch < state.maxLeaderEpoch) {
    return refuse(
      'STALE_EPOCH',
      `the command is of leader epoch ${leaderEpoch}, this node already obeys ${state.maxLeaderEpoch}`,
      'this coordinator was replaced by a newer one: it should step down',
    );
  }
  const decision = decideAction(state, command, context);
  if (decision.refused !== null || leaderEpoch === state.maxLeaderEpoch) return decision;
  return steps([{ kind: 'raiseLeaderEpoch', leaderEpoch }, ...decision.steps]);
}

function decideAction(state: AgentState, command: RunCommand, context: DecideContext): Decision {
  const { action } = command;
  switch (action.kind) {
    case 'prepare':
      return decidePrepare(state, command, action, context);
    case 'commit':
      return decideCommit(state, command, action, context);
    case 'abort':
      return steps(stopUpTo(state, command, null, action.reason));
    case 'stop':
      return steps(stopUpTo(state, command, action.graceMs, action.reason));
  }
  return assertNever(action);
}

function decidePrepare(
  state: AgentState,
  command: RunCommand,
  { plan, specHash, apiKey, gangKey, expiresMs }: Action<'prepare'>,
  { nowMs, planHash }: DecideContext,
): Decision {
  const stale = staleEpoch(state, command);
  if (stale !== null) return stale;
  const { deployment, epoch } = command;
  const keys = { apiKey, gangKey };
  const prepare: Step = { kind: 'prepare', deployment, epoch, plan, planHash, specHash, keys, expiresMs };
  const runs = runsOf(state, deployment);
  const same = runs.find((run) => run.epoch === epoch);
  if (same !== undefined) {
    if (same.specHash !== specHash || same.planHash !== planHash) return otherContent(command, same);
    if (same.state === 'exited' || same.state === 'stopped' || same.state === 'stopping') {
      return refuse(
        'STALE_EPOCH',
        `epoch ${epoch} of ${deployment} already ended on this node`,
        'plan a new attempt',
      );
    }
    if (isLive(same) || (same.state === 'prepared' && same.expiresAtMs > nowMs)) return steps([]);
    return steps([{ kind: 'forget', runId: same.runId }, prepare]);
  }
  const taken = takenByOthers(state, deployment, prepare, nowMs);
  if (taken !== null) return taken;
  // A newer attempt of the same deployment: whatever the old one left here must be dead before anything is checked.
  const clear = runs.flatMap(({ runId }): readonly Step[] => [
    { kind: 'stop', runId, graceMs: null, reason: `replaced by epoch ${epoch}` },
    { kind: 'forget', runId },
  ]);
  return steps([...clear, prepare]);
}

function decideCommit(
  state: AgentState,
  command: RunCommand,
  { specHash, deadlines }: Action<'commit'>,
  { nowMs }: DecideContext,
): Decision {
  const stale = staleEpoch(state, command);
  if (stale !== null) return stale;
  const { deployment, epoch } = command;
  const run = runsOf(state, deployment).find((candidate) => candidate.epoch === epoch);
  if (run === undefined || run.state === 'void')
    return notPrepared(command, 'it was never prepared, or the agent restarted since');
  if (run.specHash !== specHash) return otherContent(command, run);
  if (run.state !== 'prepared') return steps([]);
  if (run.expiresAtMs <= nowMs)
    return notPrepared(command, `the prepare expired ${Math.round(nowMs - run.expiresAtMs)} ms ago`);
  return steps([{ kind: 'launch', runId: run.runId, deadlines }]);
}

function stopUpTo(
  state: AgentState,
  { deployment, epoch }: RunCommand,
  graceMs: number | null,
  reason: string,
): readonly Step[] {
  const buried = state.tombstones.get(deployment) ?? 0;
  const mark: readonly Step[] = epoch > buried ? [{ kind: 'tombstone', deployment, epoch }] : [];
  const ends = runsOf(state, deployment)
    .filter((run) => run.epoch <= epoch && run.state !== 'stopped')
    .map(({ runId }): Step => ({ kind: 'stop', runId, graceMs, reason }));
  return [...mark, ...ends];
}

/** GPUs and ports that another deployment's run on this node holds; what foreign processes hold is checked on the machine. */
function takenByOthers(
  state: AgentState,
  deployment: string,
  prepare: Extract<Step, { kind: 'prepare' }>,
  nowMs: number,
): Decision | null {
  for (const run of state.runs.values()) {
    if (
      run.deployment === deployment ||
      !(isLive(run) || (run.state === 'prepared' && run.expiresAtMs > nowMs))
    )
      continue;
    const gpu = prepare.plan.gpuIndices.find((index) => run.plan.gpuIndices.includes(index));
    if (gpu !== undefined)
      return refuse(
        'GPU_BUSY',
        `GPU ${gpu} belongs to ${run.deployment} (epoch ${run.epoch})`,
        `stop ${run.deployment}, or leave this node out`,
      );
    const port = prepare.plan.ports.find((a) =>
      run.plan.ports.some((b) => a.port === b.port && a.address === b.address),
    );
    if (port !== undefined) {
      return refuse(
        'PORT_TAKEN',
        `port ${port.port} (${port.name}) on ${port.address} belongs to ${run.deployment} (epoch ${run.epoch})`,
        'plan again for other ports',
        { takenPorts: [port.port] },
      );
    }
  }
  return null;
}

function staleEpoch(state: AgentState, { deployment, epoch }: RunCommand): Decision | null {
  const buried = state.tombstones.get(deployment) ?? 0;
  if (epoch <= buried) {
    return refuse(
      'STALE_EPOCH',
      `epoch ${epoch} of ${deployment} is stopped on this node (all up to ${buried} are)`,
      'plan a new attempt',
    );
  }
  const newest = Math.max(0, ...runsOf(state, deployment).map((run) => run.epoch));
  if (epoch >= newest) return null;
  return refuse(
    'STALE_EPOCH',
    `epoch ${epoch} of ${deployment} is older than ${newest}, which this node already has`,
    'plan a new attempt',
  );
}

const otherContent = ({ deployment, epoch }: RunCommand, run: RunRecord): Decision =>
  refuse(
    'EPOCH_CONFLICT',
    `epoch ${epoch} of ${deployment} is already here with other content (spec ${run.specHash.slice(0, 12)}, plan ${run.planHash.slice(0, 12)})`,
    'two coordinators may be planning: each attempt needs an epoch of its own',
  );

const notPrepared = ({ deployment, epoch }: RunCommand, because: string): Decision =>
  refuse(
    'NOT_PREPARED',
    `no valid prepare for epoch ${epoch} of ${deployment}: ${because}`,
    'abort the attempt and prepare again',
  );

const runsOf = (state: AgentState, deployment: string): readonly RunRecord[] =>
  [...state.runs.values()].filter((run) => run.deployment === deployment);

const steps = (list: readonly Step[]): Decision => ({ refused: null, steps: list });

const refuse = (
  code: ErrorCode,
  message: string,
  hint: string,
  more: Pick<Failure, 'takenPorts'> = {},
): Decision => ({
  refused: { code, message, hint, ...more },
});
