/** Checks network variables that somebody set by hand against what the nodes really have. */
import type { FabricNode } from '../model.ts';
import { type NodeView, viewNode } from '../select/view.ts';
import type { FabricCategory } from './categories.ts';
import { checkAddress, checkHead } from './env-address.ts';
import { checkGidIndex } from './env-gid.ts';
import { checkHcaList } from './env-hca.ts';
import { checkRange } from './env-range.ts';
import { checkInterface } from './env-socket.ts';
import { checkTransport } from './env-transport.ts';
import type { EnvSetting, RejectedEnv } from './model.ts';

/** Why a value cannot be right for one node. */
export interface EnvFault {
  readonly category: FabricCategory;
  readonly because: string;
}

export interface EnvContext {
  /** The node that the value is for. */
  readonly view: NodeView;
  readonly gang: readonly NodeView[];
  /** The setting names no node: every node gets this one value. */
  readonly shared: boolean;
}

export type EnvCheck = (value: string, context: EnvContext) => EnvFault | null;

/** The settings that cannot work, each with its category and reason. A value that no fact contradicts stands. */
export function checkEnv(env: readonly EnvSetting[], nodes: readonly FabricNode[]): RejectedEnv[] {
  const gang = nodes.map(viewNode);
  return env.flatMap((setting) => {
    const value = setting.value.trim().replace(/^(["'])(.*)\1$/, '$2');
    // `$(hostname -I)` and `$IP` are known on the host alone.
    if (value === '' || /[$`]/.test(value)) return [];
    const fault = faultOf(setting, value, gang);
    return fault === null ? [] : [{ ...setting, ...fault }];
  });
}

function faultOf(setting: EnvSetting, value: string, gang: readonly NodeView[]): EnvFault | null {
  const ranged = checkRange(setting.var, value);
  if (ranged !== null) return ranged;
  const check = checks.find(([names]) => names.test(setting.var))?.[1];
  if (check === undefined) return null;
  const targets = setting.node === null ? gang : gang.filter((view) => view.node.name === setting.node);
  const faults = targets.flatMap((view) => {
    const fault = check(value, { view, gang, shared: setting.node === null });
    return fault === null ? [] : [{ ...fault, because: `${view.node.name}: ${fault.because}` }];
  });
  return faults[0] ?? null;
}

const checks: readonly (readonly [RegExp, EnvCheck])[] = [
  [/^(?:NCCL_IB_HCA|NVSHMEM_HCA_LIST)$/, checkHcaList],
  [/^(?:NCCL|RCCL|UCCL)_SOCKET_IFNAME$/, (value, context) => checkInterface('nccl', value, context)],
  [/^(?:GLOO|TP)_SOCKET_IFNAME$/, (value, context) => checkInterface('plain', value, context)],
  [/GID_INDEX$/, checkGidIndex],
  [/^(?:NCCL_IB_DISABLE|NCCL_NET)$/, checkTransport],
  [/^(?:(?:VLLM|SGLANG|SGL|DGL|RAY_NODE)_)?(?:HOST_IP|LOCAL_IP|NODE_IP)$/, checkAddress],
  [/^(?:MASTER_ADDR|VLLM_DP_MASTER_IP)$/, checkHead],
];
