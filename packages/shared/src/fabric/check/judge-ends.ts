/** What the ends of one path must have in common: MTU, and (to be told, not to be enforced) the GID's row. */

import type { FabricNode } from '../model.ts';
import { gidTable } from '../select/tables.ts';
import { viewNode } from '../select/view.ts';
import { oddOnes } from './cut.ts';
import { type CheckEnd, type CheckFinding, pathName } from './model.ts';

export function judgeEnds(ends: readonly CheckEnd[], views: readonly FabricNode[]): CheckFinding[] {
  const paths = [...Map.groupBy(ends, ({ rail }) => rail)];
  return paths.flatMap(([rail, members]) => {
    const others = ends.filter((end) => end.rail !== rail && end.rail !== null);
    return [...mtuFindings(rail, members, others), ...gidFindings(rail, members, others, views)];
  });
}

function mtuFindings(
  rail: number | null,
  members: readonly CheckEnd[],
  others: readonly CheckEnd[],
): CheckFinding[] {
  const known = members.filter(({ mtuBytes }) => mtuBytes !== null);
  const values = new Map(known.map(({ node, mtuBytes }) => [node, mtuBytes]));
  if (new Set(values.values()).size < 2) return [];
  const odd = oddOnes(
    values,
    others.map(({ mtuBytes }) => mtuBytes),
  );
  const wrong = known.filter(({ node }) => odd?.odd.includes(node) ?? true);
  const usual = odd?.usual ?? Math.min(...known.map(({ mtuBytes }) => mtuBytes ?? 0));
  return [
    {
      // TCP settles on what both ends take; whether that passes is tested with a packet of that size.
      severity: rail === null ? 'warning' : 'error',
      category: 'mtu-mismatch',
      culprit: { kind: 'port', nodes: wrong.map(({ node }) => node), rail, device: wrong[0]?.device ?? null },
      cause: `${pathName(rail)}: ${wrong.map(({ node, netdev, mtuBytes }) => `${netdev} of ${node} has MTU ${mtuBytes}`).join(', ')}${odd === null ? '; the ends of a path need one value' : `, the others have ${usual}`}`,
      evidence: known.map(({ node, netdev, mtuBytes }) => `${node} ${netdev}: MTU ${mtuBytes}`),
      fix: wrong.map(({ node, netdev }) => `on ${node}: ip link set ${netdev} mtu ${usual}`).join('; '),
    },
  ];
}

function gidFindings(
  rail: number | null,
  members: readonly CheckEnd[],
  others: readonly CheckEnd[],
  views: readonly FabricNode[],
): CheckFinding[] {
  const known = members.filter(({ gidIndex }) => gidIndex !== null);
  const values = new Map(known.map(({ node, gidIndex }) => [node, gidIndex]));
  const odd = oddOnes(
    values,
    others.map(({ gidIndex }) => gidIndex),
  );
  if (odd === null) return [];
  return known
    .filter(({ node }) => odd.odd.includes(node))
    .map(({ node, device, port, gidIndex, address }) => {
      const view = views.find(({ name }) => name === node);
      const table = view === undefined ? [] : gidTable([{ view: viewNode(view), key: `${device}:${port}` }]);
      return {
        severity: 'warning',
        category: 'gid-shifted',
        culprit: { kind: 'port', nodes: [node], rail, device },
        cause: `the GID table of ${device} on ${node} is shifted: ${address} is in row ${gidIndex}, on the other nodes in row ${odd.usual}; the plan takes each node's own row, one NCCL_IB_GID_INDEX for all would break it`,
        evidence: table.slice(1).map((row) => row.join('  ')),
        fix: 'leave NCCL_IB_GID_INDEX unset (NCCL 2.21 and newer finds the row itself), or remove the VLANs and addresses that were added before it and set the link down and up',
      };
    });
}
