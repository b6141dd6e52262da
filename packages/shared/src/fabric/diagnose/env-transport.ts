/** Settings that send a gang to TCP although it has a fabric. */
import { portFault } from '../select/port-rules.ts';
import type { NodeView } from '../select/view.ts';
import type { EnvContext, EnvFault } from './check-env.ts';

/** Checks NCCL_IB_DISABLE=1 and NCCL_NET=Socket against ports that every node has and that were seen active. */
export function checkTransport(value: string, { gang }: EnvContext): EnvFault | null {
  if (!/^(?:1|true|socket)$/i.test(value) || !gang.every(hasFabric)) return null;
  return { category: 'tcp-fallback', because: 'it sends NCCL to TCP while every node has active RDMA ports' };
}

function hasFabric(view: NodeView): boolean {
  return view.ports.some((port) => port.facts?.state === 'active' && portFault(view, port) === null);
}
