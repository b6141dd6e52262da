/** Deployments as the HTTP API shows them. Recomputed at every request from what is stored and what the nodes say. */
import type { DeploymentDetail, DeploymentSummary, RankStatus } from '@dsr1/shared/http-api/resources';
import { type GangRank, isPresent, lookAtGang, type NodesById } from '../reconcile/gang.ts';
import type { AttemptRecord, DeploymentRecord } from '../reconcile/model.ts';
import { startMessage } from '../reconcile/serving.ts';
import type { StoredDeployment } from './store.ts';

export function toSummary(stored: StoredDeployment, nodes: NodesById, nowMs: number): DeploymentSummary {
  const { deployment, attempt } = stored;
  const serving = deployment.state === 'serving' ? attempt : null;
  return {
    name: deployment.name,
    engine: deployment.spec.engine.kind,
    state: deployment.state,
    message: messageOf(deployment, attempt, nodes, nowMs),
    epoch: deployment.epoch,
    nodes: attempt?.ranks.map(({ nodeName }) => nodeName) ?? deployment.spec.nodes?.names ?? [],
    endpoint: attempt?.plan.endpoint?.url ?? null,
    createdAt: isoTime(deployment.createdAtWallMs),
    servingSince: serving?.servedAtWallMs == null ? null : isoTime(serving.servedAtWallMs),
  };
}

export function toDetail(stored: StoredDeployment, nodes: NodesById, nowMs: number): DeploymentDetail {
  const { deployment, attempt, past } = stored;
  const gang = attempt === null ? [] : lookAtGang(deployment.name, attempt, nodes);
  const failure = deployment.state === 'failed' ? attempt?.ending?.failure : null;
  const made = past.length + (attempt !== null && attempt.ending === null ? 1 : 0);
  return {
    ...toSummary(stored, nodes, nowMs),
  const unblamed = attempt?.ending?.rank === null ? { evidence: [...attempt.ending.evidence] } : {};
    spec: deployment.spec,
    plan: attempt?.plan ?? null,
    ranks: attempt === null ? [] : gang.map((rank) => toRankStatus(rank, attempt)),
    rejections: [...deployment.rejections],
    ...(failure == null
      ? {}
      : { failure: { code: failure.code, message: failure.message, hint: failure.hint, ...unblamed } }),
    diagnoses: [...diagnosesOf(deployment, attempt, gang, nowMs)],
    attempts: Math.max(0, made - 1),
  };
}

/** While ranks start, what everybody waits for says more than the stored sentence. */
function messageOf(
  deployment: DeploymentRecord,
  attempt: AttemptRecord | null,
  nodes: NodesById,
  nowMs: number,
): string {
  if (deployment.state !== 'starting' || attempt === null || attempt.commitAtMs === null)
    return deployment.message;
  return startMessage(lookAtGang(deployment.name, attempt, nodes), attempt.commitAtMs, nowMs);
}

function toRankStatus({ record, node, report }: GangRank, attempt: AttemptRecord): RankStatus {
  const blamed = attempt.ending?.rank === record.rank ? attempt.ending : null;
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

/** A node without a session is never shown as online, however shortly it has been away. */
const silentState = (state: RankStatus['nodeState'] | undefined): RankStatus['nodeState'] =>
  state === undefined ? 'lost' : state === 'online' ? 'suspect' : state;

const isoTime = (ms: number): string => new Date(ms).toISOString();
