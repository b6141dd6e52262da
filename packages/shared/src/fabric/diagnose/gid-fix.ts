/** What to do about a wrong GID, for the NCCL that the ranks load: from 2.21 it finds the row by itself (net_ib/connect.cc). */
import { atLeast } from '../select/env.ts';
import type { DiagnoseInput } from './model.ts';

/** Exact commands; `ROW` stays open where no GID table was seen. */
export function gidFix({ reports, selection }: DiagnoseInput): string {
  const versions = reports.flatMap(({ report }) => report.version ?? []);
  const old = versions.find((version) => atLeast(version, 2, 21) === false);
  if (old === undefined && versions.length > 0)
    return `unset NCCL_IB_GID_INDEX on every node: NCCL ${versions[0]} finds the row by itself; \`show_gids\` (inside the container) must have a v2 row with the node's IPv4`;
  const rows = (selection?.nodes ?? []).flatMap(({ node, hcas }) => {
    const indexes = new Set(hcas.map(({ gidIndex }) => gidIndex));
    const [index] = indexes;
    return indexes.size === 1 && index !== null && index !== undefined ? [{ node, index }] : [];
  });
  const known = rows.length > 0 && rows.length === selection?.nodes.length;
  const set = known
    ? rows.map(({ node, index }) => `on ${node} export NCCL_IB_GID_INDEX=${index}`).join(', ')
    : `run \`show_gids\` on each node (inside the container) and there export NCCL_IB_GID_INDEX=ROW, the INDEX of the line that is v2 and has the node's IPv4`;
  return old === undefined
    ? `with NCCL 2.21 or newer unset NCCL_IB_GID_INDEX; with an older one ${set}`
    : `NCCL ${old} does not look for the row: ${set}; or load NCCL 2.21 or newer with NCCL_IB_GID_INDEX unset`;
}
