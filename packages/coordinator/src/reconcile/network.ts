/** The transport proof of a gang: do its ranks use the network that was planned? From what NCCL says in their logs. */
import type { NcclReport } from '@dsr1/shared/fabric/nccl-log/model';
import { type ProofVerdict, type TransportProof, transportProof } from '@dsr1/shared/fabric/nccl-log/proof';
import type { RankNetwork } from '@dsr1/shared/http-api/resources';
import type { LaunchPlan, RankPlan } from '@dsr1/shared/plan/model';
import type { DeploymentSpec } from '@dsr1/shared/spec/deployment';
import { type GangRank, rankName } from './gang.ts';
import type { AttemptRecord, Ending } from './model.ts';

/** By rank; empty when there is nothing to prove: one rank, or the deployment wants none. */
export function rankNetworks(
  { network }: DeploymentSpec,
  { plan, servedAtMs }: Pick<AttemptRecord, 'plan' | 'servedAtMs'>,
  gang: readonly GangRank[],
): ReadonlyMap<number, RankNetwork> {
  if (network?.proof === 'off' || plan.ranks.length < 2) return new Map();
  const logs = new Map(gang.map(({ record, report }) => [record.rank, reportsOf(report)]));
  return new Map(
    plan.ranks.map((rank) => [rank.rank, networkOf(rank, plan, logs, servedAtMs !== null)] as const),
  );
}

/** The end of a gang that fell to TCP in silence under an RDMA plan; null while none has, or where that is only told. */
export function findFallback(
  spec: DeploymentSpec,
  attempt: AttemptRecord,
  gang: readonly GangRank[],
): Ending | null {
  if (spec.network?.proof === 'warn') return null;
  const networks = rankNetworks(spec, attempt, gang);
  for (const { record, report } of gang) {
    const used = networks.get(record.rank);
    if (used?.verdict !== 'fallback') continue;
    const planned = attempt.plan.ranks.find(({ rank }) => rank === record.rank);
    const message = `${rankName(record)} talks TCP (${[used.network, used.interface].filter(Boolean).join(' on ')}), planned ${attempt.plan.transport} on ${planned?.hcas.join(', ')}`;
    return {
      cause: 'rank-failed',
      rank: record.rank,
      message,
      failure: { code: 'TRANSPORT_MISMATCH', message, hint: HINT },
      evidence: reportsOf(report).flatMap(({ errors }) =>
        errors.flatMap(({ category, line }) => (category === 'tcp-fallback' ? [line] : [])),
      ),
    };
  }
  return null;
}

const HINT =
  '`dsr1ctl fabric check NODE…` tests the HCAs; network.transport: tcp makes TCP the plan, network.proof: warn lets it serve all the same';

export interface NetworkNews {
  readonly asPlanned: boolean;
  readonly message: string;
}

/** What is worth telling when the gang serves: null when no log has named a network. */
export function networkNews(
  networks: ReadonlyMap<number, RankNetwork>,
  gang: readonly GangRank[],
): NetworkNews | null {
  const said = gang.flatMap(({ record }) => {
    const used = networks.get(record.rank);
    return used === undefined || used.verdict === 'unproven' ? [] : [{ record, used }];
  });
  const [first] = said;
  if (first === undefined) return null;
  const other = said.find(({ used }) => used.verdict !== 'proven') ?? first;
  const asPlanned = other.used.verdict === 'proven';
  const because = other.used.because.join('; ');
  return {
    asPlanned,
    message: asPlanned
      ? `network as planned: ${because}`
      : `network not as planned: ${rankName(other.record)}: ${because}`,
  };
}

const reportsOf = (report: GangRank['report']): readonly NcclReport[] =>
  (report?.readings ?? []).flatMap(({ nccl }) => nccl);

const weight: Readonly<Record<ProofVerdict, number>> = { fallback: 3, differs: 2, proven: 1, unproven: 0 };

/** The worst of what the logs say of this rank. */
function networkOf(
  rank: RankPlan,
  plan: LaunchPlan,
  logs: ReadonlyMap<number, readonly NcclReport[]>,
  served: boolean,
): RankNetwork {
  const planned = {
    transport: plan.transport,
    devices: rank.hcas,
    controlInterface: rank.controlInterface,
  };
  const proofs = reportsAbout(rank, plan, logs).map((report) => ({
    report,
    proof: transportProof(planned, report),
  }));
  const [worst] = proofs.toSorted((a, b) => weight[b.proof.verdict] - weight[a.proof.verdict]);
  const { report } = worst ?? {};
  return {
    verdict: worst?.proof.verdict ?? 'unproven',
    network: report?.network ?? null,
    devices: [...(report?.devicesUsed ?? [])],
    interface: report?.oobIfname ?? null,
    gdr: report?.gdr ?? null,
    ncclVersion: report?.version ?? null,
    because: [...because(worst?.proof, rank, served)],
  };
}

/** Ray prints its workers' lines into the head's log: an address tells whose they are. */
function reportsAbout(
  { rank, address }: RankPlan,
  { ranks }: LaunchPlan,
  logs: ReadonlyMap<number, readonly NcclReport[]>,
): readonly NcclReport[] {
  const own = [...logs.values()].flat().filter(({ oobAddress }) => oobAddress === address);
  if (own.length > 0) return own;
  const others = new Set(ranks.map((other) => other.address));
  return (logs.get(rank) ?? []).filter(({ oobAddress }) => oobAddress === null || !others.has(oobAddress));
}

function because(
  proof: TransportProof | undefined,
  { gpuIndices, processes }: RankPlan,
  served: boolean,
): readonly string[] {
  if (proof !== undefined && proof.transport !== 'unknown') return proof.because;
  if (gpuIndices.length === 0) return ['the rank has no GPU, so NCCL is not used'];
  const { NCCL_DEBUG: level, NCCL_DEBUG_FILE: file } = processes.at(-1)?.env ?? {};
  if (level !== 'INFO' && level !== 'TRACE')
    return [`NCCL names its network with NCCL_DEBUG=INFO, found ${level ?? 'none'}`];
  if (file !== undefined) return [`NCCL logs to NCCL_DEBUG_FILE=${file}`];
  return [served ? 'its log names no network' : 'its log has not named a network yet'];
}
