/**
 * Whether NCCL_IB_GID_INDEX is exported. From NCCL 2.21 it is left unset: NCCL then finds the row per port, and a
 * row may move while a job runs. Before, one value serves all ports of a process, or none does.
 */
import type { Refusal } from '../model.ts';
import { atLeast } from './env.ts';
import type { GidChoice } from './gid.ts';
import type { Sourced } from './overrides.ts';
import { gidTable } from './tables.ts';
import type { NodeView, PortView } from './view.ts';

export interface GidPolicy {
  readonly gidEnv: 'unset' | `set:${number}`;
  readonly because: string;
  readonly warnings: readonly string[];
  readonly refusals: readonly Refusal[];
}

/** Decides for one node; `override` is the operator's index. InfiniBand never takes an index. */
export function gidPolicy(
  view: NodeView,
  ports: readonly PortView[],
  gids: readonly GidChoice[],
  ncclVersion: string | null,
  override: Sourced<number> | null,
): GidPolicy {
  if (ports.length === 0) return policy('unset', 'no HCA is used');
  const roce = ports.filter((port) => port.layer !== 'ib');
  if (roce.length === 0) return policy('unset', 'InfiniBand needs no GID index');
  if (override !== null) return policy(`set:${override.value}`, override.source);
  const indexes = [...new Set(gids.map((gid) => gid.index))];
  const only = indexes.length === 1 ? (indexes[0] ?? null) : null;
  const modern = atLeast(ncclVersion, 2, 21);
  if (modern === true)
    return policy('unset', `NCCL ${ncclVersion} finds the RoCE v2 row of every port by itself`);
  if (modern === null) {
    const fallback = only !== null ? `before 2.21 set it to ${only}` : oldNcclNote(indexes);
    return policy('unset', `NCCL from 2.21 finds the row by itself; ${fallback}`);
  }
  if (only !== null)
    return policy(
      `set:${only}`,
      `NCCL ${ncclVersion} takes row 0 unless told; row ${only} is right on all chosen ports of this node`,
    );
  if (indexes.includes(null))
    return {
      ...policy('unset', 'not known, since no GID table was seen: paste show_gids'),
      warnings: [`${view.node.name}: NCCL ${ncclVersion} needs NCCL_IB_GID_INDEX and no GID table was seen`],
    };
  const because = `NCCL ${ncclVersion} takes one GID index for all ports, and theirs differ: ${ports.map((port, i) => `${port.key} ${gids[i]?.index}`).join(', ')}`;
  return {
    ...policy('unset', because),
    refusals: [
      {
        node: view.node.name,
        category: 'wrong-gid',
        because,
        fix: 'use NCCL 2.21 or newer, or make the tables equal (same addresses and VLANs on every port)',
        table: gidTable(ports.map((port) => ({ view, key: port.key }))),
      },
    ],
  };
}

function oldNcclNote(indexes: readonly (number | null)[]): string {
  return indexes.includes(null)
    ? 'no table was seen that says what an older one needs'
    : 'their rows differ, so an older one cannot serve them';
}

function policy(gidEnv: GidPolicy['gidEnv'], because: string): GidPolicy {
  return { gidEnv, because, warnings: [], refusals: [] };
}
