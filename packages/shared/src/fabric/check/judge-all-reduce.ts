/** What the ranks of an all-reduce said → did the gang sum, and over which network. */
import { type TransportProof, transportProof } from '../nccl-log/proof.ts';
import { readNcclLog } from '../nccl-log/read.ts';
import { type AllReduceResult, bandwidths } from './all-reduce.ts';
import { failureFinding } from './all-reduce-failure.ts';
import { type AllReduceSeen, rankName, ranksOf, type SeenRank } from './all-reduce-seen.ts';
import type { CheckFinding } from './model.ts';

export interface AllReduceVerdict {
  readonly result: AllReduceResult;
  readonly findings: readonly CheckFinding[];
}

/** Not run, and why: no finding, since nothing is known to be wrong. */
export const notReduced = (detail: string): AllReduceVerdict => ({
  result: { outcome: 'untested', detail, backend: null, ranks: 0, sizes: [] },
  findings: [],
});

export function judgeAllReduce(seen: AllReduceSeen): AllReduceVerdict {
  const ranks = ranksOf(seen);
  const unable = ranks.find(({ untested }) => untested !== null);
  if (unable !== undefined) return notReduced(`${unable.node}: ${unable.untested}`);
  const findings = findingsOf(seen, ranks);
  const sizes = ranks.every(({ phase }) => phase === 'done') ? (ranks[0]?.sizes ?? []) : [];
  return {
    result: {
      outcome: findings.length > 0 ? 'fail' : 'pass',
      detail: findings[0]?.cause ?? networkOf(seen),
      backend: seen.backend,
      ranks: ranks.length,
      sizes: sizes.map((size) => bandwidths(size, ranks.length)),
    },
    findings,
  };
}

function findingsOf(seen: AllReduceSeen, ranks: readonly SeenRank[]): readonly CheckFinding[] {
  if (ranks.some(({ phase }) => phase !== 'done')) return [failureFinding(seen, ranks)];
  const wrong = ranks.filter(({ sizes }) => sizes.some(({ correct }) => !correct));
  return wrong.length > 0 ? [wrongSum(seen, wrong)] : foreignNetworks(seen);
}

const wrongSum = ({ backend }: AllReduceSeen, wrong: readonly SeenRank[]): CheckFinding => ({
  severity: 'error',
  category: 'wrong-result',
  culprit: {
    kind: 'node',
    nodes: [...new Set(wrong.map(({ node }) => node))],
    rail: null,
    device: null,
  },
  cause: `the all-reduce (${backend}) ended with a wrong sum on ${wrong.map(rankName).join(', ')}: data is damaged on its way or in a GPU`,
  evidence: [],
  fix: 'look for Xid and ECC errors (`dmesg`, `nvidia-smi -q -d ECC`), and leave the node out until it is repaired',
});

/** Gloo proves that the ranks reach each other by TCP; only NCCL's log tells which network it took. */
function foreignNetworks(seen: AllReduceSeen): CheckFinding[] {
  return proofsOf(seen).flatMap(({ name, proof }) => {
    if (proof === undefined || !isOther(proof)) return [];
    const silent = proof.verdict === 'fallback';
    return [
      {
        severity: 'error',
        category: silent ? 'tcp-fallback' : 'transport-mismatch',
        culprit: { kind: 'node', nodes: [name], rail: null, device: null },
        cause: silent
          ? `silent TCP: ${seen.transport} was planned, and NCCL on ${name} took sockets`
          : `NCCL on ${name} did not take the planned network: ${proof.because[0]}`,
        evidence: [...proof.because],
        fix: `compare NCCL's lines on ${name} (NCCL_DEBUG=INFO) with \`dsr1ctl fabric show\`; look for /etc/nccl.conf, a net plugin (libnccl-net.so), and /dev/infiniband`,
      },
    ];
  });
}

function networkOf(seen: AllReduceSeen): string {
  if (seen.backend === 'gloo') return 'Gloo, over TCP: no rank has a GPU';
  return proofsOf(seen)[0]?.proof?.because.join('; ') ?? 'NCCL printed nothing about its network';
}

/** Of each node, by the log of all its ranks. */
function proofsOf({ backend, transport, nodes }: AllReduceSeen) {
  if (backend === 'gloo') return [];
  return nodes.map(({ name, fabric, ranks }) => {
    const planned = {
      transport,
      devices: fabric.hcas.map(({ device }) => device),
      controlInterface: fabric.controlInterface,
    };
    const proofs = readNcclLog(ranks.flatMap(({ lines }) => lines))
      .filter(({ library }) => library === 'nccl' || library === 'rccl')
      .map((report) => transportProof(planned, report));
    return { name, proof: proofs.find(isOther) ?? proofs[0] };
  });
}

const isOther = ({ verdict }: TransportProof): boolean => verdict === 'fallback' || verdict === 'differs';
