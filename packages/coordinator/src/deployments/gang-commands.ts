/** One command to every rank of a gang at the same moment, and what all the answers together mean. */
import type { RankPlan } from '@dsr1/shared/plan/model';
import type { ModelDifference } from '@dsr1/shared/weights/api';
import type { AgentCommand, CommandResult, Failure } from '@dsr1/shared/wire/messages';
import { gangModelDifference } from '../models/gang-models.ts';
import type { NodeHub } from '../nodes/hub.ts';
import { causeOfFailure, isUnanswered } from '../reconcile/failure-cause.ts';
import { rankName } from '../reconcile/gang.ts';
import type { AttemptRecord, Ending, RankRecord } from '../reconcile/model.ts';
import type { RankChange } from './store.ts';

export interface GangAnswer {
  /** What changed of the ranks that obeyed. */
  readonly ranks: readonly RankChange[];
  /** Set when the attempt cannot go on. */
  readonly ending: Ending | null;
}

type Sender = Pick<NodeHub, 'send'>;

const PREPARE_TIMEOUT_MS = 30_000;
/** Longer than every answer may take, so that the first to prepare still holds its ports when the last has; a rehearsal comes on top. */
const PREPARE_EXPIRES_MS = 60_000;
const COMMIT_TIMEOUT_MS = 10_000;
/** What a stop may take beyond the engine's grace: kill, wait, report. */
const STOP_MARGIN_MS = 15_000;

export async function sendPrepare(
  hub: Sender,
  deployment: string,
  attempt: AttemptRecord,
  keys: { readonly apiKey: string; readonly gangKey: string },
  rehearsalMs = 0,
): Promise<GangAnswer> {
  const { specHash } = attempt.plan;
  const [answers, difference] = await Promise.all([
    sendAll(hub, deployment, attempt, attempt.ranks, PREPARE_TIMEOUT_MS, (plan) => ({
      kind: 'prepare',
      plan,
      specHash,
      ...keys,
      expiresMs: PREPARE_EXPIRES_MS + rehearsalMs,
    })),
    gangModelDifference(hub, attempt.plan.ranks),
  ]);
  const ranks = answers.flatMap(({ record, result }) =>
    result.prepared === null ? [] : [{ rank: record.rank, bootId: result.prepared.bootId }],
  );
  const unequal = difference === null ? null : unequalModels(attempt, difference);
  return { ranks, ending: firstRefusal(answers, 'prepare') ?? unequal };
}

/** A missing answer ends nothing: the commit is sent again, and an agent starts a rank once. */
export async function sendCommit(
  hub: Sender,
  deployment: string,
  attempt: AttemptRecord,
  ranks: ReadonlySet<number>,
): Promise<GangAnswer> {
  const { specHash, deadlines } = attempt.plan;
  const targets = attempt.ranks.filter(({ rank }) => ranks.has(rank));
  const answers = await sendAll(hub, deployment, attempt, targets, COMMIT_TIMEOUT_MS, () => ({
    kind: 'commit',
    specHash,
    deadlines,
  }));
  const obeyed = answers.filter(({ result }) => result.failure === null);
  const refused = answers.filter(({ result }) => result.failure !== null && !isUnanswered(result.failure));
  return {
    ranks: obeyed.map(({ record }) => ({ rank: record.rank, committed: true })),
    ending: firstRefusal(refused, 'start'),
  };
}

/** Ranks whose nodes confirmed that this epoch, and every older one, is stopped. */
export async function sendStop(
  hub: Sender,
  deployment: string,
  attempt: AttemptRecord,
  ranks: ReadonlySet<number>,
  reason: string,
): Promise<readonly number[]> {
  const targets = attempt.ranks.filter(({ rank }) => ranks.has(rank));
  const graceMs = 1000 * Math.max(0, ...attempt.plan.ranks.map(({ stopGraceSeconds }) => stopGraceSeconds));
  const timeoutMs = graceMs + STOP_MARGIN_MS;
  const answers = await sendAll(hub, deployment, attempt, targets, timeoutMs, () => ({
    kind: 'stop',
    graceMs,
    reason,
  }));
  return answers.filter(({ result }) => result.failure === null).map(({ record }) => record.rank);
}

interface Answer {
  readonly record: RankRecord;
  readonly result: CommandResult;
}

function sendAll(
  hub: Sender,
  deployment: string,
  attempt: AttemptRecord,
  targets: readonly RankRecord[],
  timeoutMs: number,
  actionFor: (plan: RankPlan) => AgentCommand['action'],
): Promise<readonly Answer[]> {
  const plans = new Map(attempt.plan.ranks.map((plan) => [plan.rank, plan]));
  return Promise.all(
    targets.flatMap((record) => {
      const plan = plans.get(record.rank);
      if (plan === undefined) return [];
      const command = { deployment, epoch: attempt.epoch, ttlMs: timeoutMs, action: actionFor(plan) };
      return [hub.send(record.nodeId, command, timeoutMs).then((result) => ({ record, result }))];
    }),
  );
}

/** A refusal says more than a missing answer, so it comes first. */
function firstRefusal(answers: readonly Answer[], verb: string): Ending | null {
  const refused = answers.flatMap(({ record, result: { failure } }) =>
    failure === null ? [] : [{ record, failure }],
  );
  const first = refused.find(({ failure }) => !isUnanswered(failure)) ?? refused[0];
  return first === undefined ? null : refusal(first.record, first.failure, verb);
}

function unequalModels({ plan }: AttemptRecord, { node, message }: ModelDifference): Ending {
  const rank = plan.ranks.find(({ nodeName }) => nodeName === node)?.rank ?? null;
  const says = `weights-corrupt: the nodes do not hold the same model: ${message}`;
  const hint =
    'copy the model from one node to the others; `dsr1ctl model verify PATH` lists every difference';
  const failure = { code: 'WEIGHTS_CORRUPT', message: says, hint };
  return { cause: 'refused', rank, message: says, failure, evidence: [] };
}

const refusal = (record: RankRecord, failure: Failure, verb: string): Ending => ({
  cause: causeOfFailure(failure, 'refused'),
  rank: record.rank,
  message: `${rankName(record)} did not ${verb}: ${failure.message}`,
  failure,
  evidence: [],
});
