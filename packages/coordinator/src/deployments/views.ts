/** Deployments as the HTTP API shows them. Recomputed at every request from what is stored and what the nodes say. */
import type { Diagnosis } from '@dsr1/shared/diagnose/model';
import type { DeploymentDetail, DeploymentSummary, RankStatus } from '@dsr1/shared/http-api/resources';
import { causesOfEnd, type KnownCause, knownCause } from '../reconcile/causes.ts';
import { type GangRank, isPresent, lookAtGang, type NodesById } from '../reconcile/gang.ts';
import type { AttemptRecord, DeploymentRecord } from '../reconcile/model.ts';
import { rankNetworks } from '../reconcile/network.ts';
import { startMessage } from '../reconcile/serving.ts';
import type { Gates } from './gates.ts';
import type { StoredDeployment } from './store.ts';

/** What a view is made of besides the stored deployment. */
export interface Moment {
  readonly nodes: NodesById;
  readonly gates: Pick<Gates, 'lastCall'>;
  /** Steady milliseconds. */
  readonly nowMs: number;
}

export const toSummary = (stored: StoredDeployment, moment: Moment): DeploymentSummary =>
  summaryOf(stored, lookAt(stored, moment), moment);

/** What summary and detail share: the diagnosis over all logs is made once an answer. */
interface Look {
  readonly gang: readonly GangRank[];
  /** While ranks start, the cause that is known already. */
  readonly known: KnownCause | null;
}

function lookAt({ deployment, attempt }: StoredDeployment, { nodes, nowMs }: Moment): Look {
  if (attempt === null) return { gang: [], known: null };
  const gang = lookAtGang(deployment.name, attempt, nodes);
  const starts = attempt.ending === null && attempt.servedAtMs === null;
  return { gang, known: starts ? knownCause(deployment, attempt, gang, nowMs) : null };
}

function summaryOf(stored: StoredDeployment, look: Look, moment: Moment): DeploymentSummary {
  const { deployment, attempt } = stored;
  const serving = deployment.state === 'serving' ? attempt : null;
  return {
    name: deployment.name,
    engine: deployment.spec.engine.kind,
    state: deployment.state,
    message: messageOf(stored, look, moment),
    epoch: deployment.epoch,
    nodes: attempt?.ranks.map(({ nodeName }) => nodeName) ?? deployment.spec.nodes?.names ?? [],
    endpoint: attempt?.plan.endpoint?.url ?? null,
    createdAt: isoTime(deployment.createdAtWallMs),
    servingSince: serving?.servedAtWallMs == null ? null : isoTime(serving.servedAtWallMs),
  };
}

export function toDetail(stored: StoredDeployment, moment: Moment): DeploymentDetail {
  const { deployment, attempt, past } = stored;
  const look = lookAt(stored, moment);
  const failure = deployment.state === 'failed' ? attempt?.ending?.failure : null;
  const made = past.length + (attempt !== null && attempt.ending === null ? 1 : 0);
  return {
    ...summaryOf(stored, look, moment),
    spec: deployment.spec,
    plan: attempt?.plan ?? null,
    ranks: attempt === null ? [] : toRankStatuses(deployment, attempt, look.gang),
    rejections: [...deployment.rejections],
    ...(failure == null
      ? {}
      : {
          failure: {
            code: failure.code,
            message: failure.message,
            hint: failure.hint,
            ...evidenceOf(attempt),
          },
        }),
    diagnoses: [...diagnosesOf(stored, look)],
    attempts: Math.max(0, made - 1),
  };
}

/** While ranks start, what everybody waits for says more than the stored sentence. */
function messageOf(
  { deployment, attempt }: StoredDeployment,
  { gang, known }: Look,
  { gates, nowMs }: Moment,
): string {
  if (deployment.state !== 'starting' || attempt === null || attempt.commitAtMs === null)
    return deployment.message;
  const gateCall = gates.lastCall(deployment.name, attempt.epoch);
  const message = startMessage(gang, attempt.commitAtMs, nowMs, gateCall);
  return known === null ? message : `${message}; ${known.message}`;
}

/** Of a failed attempt; while one starts, the cause that is known already. */
function diagnosesOf({ deployment, attempt }: StoredDeployment, { gang, known }: Look): readonly Diagnosis[] {
  const ending = attempt?.ending ?? null;
  if (attempt !== null && ending !== null)
    return ending.diagnoses ?? causesOfEnd(deployment, attempt, ending, gang);
  return known === null ? [] : [known.diagnosis];
}

function toRankStatuses(
  { spec }: DeploymentRecord,
  attempt: AttemptRecord,
  gang: readonly GangRank[],
): RankStatus[] {
  const networks = rankNetworks(spec, attempt, gang);
  return gang.map((rank) => {
    const network = networks.get(rank.record.rank);
    return { ...toRankStatus(rank, attempt), ...(network === undefined ? {} : { network }) };
  });
}

function toRankStatus({ record, node, report }: GangRank, attempt: AttemptRecord): RankStatus {
  const blamed = isStarted(attempt) && attempt.ending?.rank === record.rank ? attempt.ending : null;
  return {
    rank: record.rank,
    node: record.nodeName,
    nodeState: node === null || !isPresent(node) ? silentState(node?.state) : node.state,
    state: report?.state ?? (record.stopAcknowledged || attempt.closed ? 'stopped' : 'planned'),
    phase: report?.phase ?? record.toldPhase,
    progress: report?.progress ?? null,
    detail: report?.detail ?? null,
    phaseSeconds: { ...report?.phaseSeconds },
    pid: report?.pid ?? null,
    exitCode: report?.exitCode ?? null,
    exitSignal: report?.exitSignal ?? null,
    evidence: [...(blamed?.evidence ?? report?.evidence ?? [])],
  };
}

/** What no rank has said, since none was started. */
const evidenceOf = (attempt: AttemptRecord | null): { evidence?: string[] } =>
  attempt?.ending == null || isStarted(attempt) || attempt.ending.evidence.length === 0
    ? {}
    : { evidence: [...attempt.ending.evidence] };

const isStarted = ({ commitAtMs }: AttemptRecord): boolean => commitAtMs !== null;

/** A node without a session is never shown as online, however shortly it has been away. */
const silentState = (state: RankStatus['nodeState'] | undefined): RankStatus['nodeState'] =>
  state === undefined ? 'lost' : state === 'online' ? 'suspect' : state;

const isoTime = (ms: number): string => new Date(ms).toISOString();
