/** Variables that hold a node's own address: it must be one that this node has and that the others can reach. */
import { isLocalOnly, isLoopback, parseAddress } from '../select/address.ts';
import { holderOf, overlayReason } from '../select/control.ts';
import type { EnvContext, EnvFault } from './check-env.ts';

/** Checks HOST_IP variables (VLLM_HOST_IP, SGLANG_HOST_IP …). */
export function checkAddress(value: string, { view, gang, shared }: EnvContext): EnvFault | null {
  const loopback = checkHead(value, { gang });
  if (loopback !== null) return loopback;
  if (parseAddress(value) === null) return null;
  if (isLocalOnly(value))
    return gang.length > 1 ? { category: 'wrong-interface', because: `${value} is link-local` } : null;
  const holder = holderOf(view, value);
  const overlay = holder === null ? null : overlayReason(holder);
  if (holder !== null && overlay !== null && overlay !== 'loopback')
    return { category: 'wrong-interface', because: `${value} is on ${holder.name}, a ${overlay}` };
  if (holder !== null || shared) return null;
  const owner = gang.find(
    (other) => other !== view && (other.node.given.nodeIp === value || holderOf(other, value) !== null),
  );
  if (owner !== undefined)
    return {
      category: 'wrong-interface',
      because: `${value} is the address of ${owner.node.name}, not of this node`,
    };
  const listed =
    view.node.netdevs?.some((netdev) => netdev.addresses.some((own) => !isLocalOnly(own.address))) ?? false;
  return listed ? { category: 'wrong-interface', because: `no interface of this node has ${value}` } : null;
}

/** Checks the head's address, which all nodes dial. */
export function checkHead(value: string, { gang }: Pick<EnvContext, 'gang'>): EnvFault | null {
  if (gang.length < 2 || !(isLoopback(value) || value === 'localhost')) return null;
  return { category: 'loopback-used', because: `${value} reaches this host only` };
}
