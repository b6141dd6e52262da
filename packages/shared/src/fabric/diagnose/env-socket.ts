/**
 * Interface variables. NCCL: `[^][=]name,…`, prefixes unless "=", a value of one character is ignored, only running
 * interfaces, the first match carries the bootstrap (misc/socket.cc, os/linux.cc). Gloo: plain names, no operators.
 */
import { isLoopback, parseAddress } from '../select/address.ts';
import { knownControl, overlayReason } from '../select/control.ts';
import type { InterfaceView, NodeView } from '../select/view.ts';
import type { EnvContext, EnvFault } from './check-env.ts';

/** Checks NCCL_SOCKET_IFNAME (`nccl`) or GLOO_SOCKET_IFNAME and the like (`plain`). */
export function checkInterface(
  syntax: 'nccl' | 'plain',
  value: string,
  { view }: EnvContext,
): EnvFault | null {
  const operators = /^(\^?)(=?)(.*)$/.exec(value);
  const [, not = '', equals = '', list = ''] = operators ?? [];
  if (syntax === 'plain' && (not !== '' || equals !== ''))
    return fault(
      'ifname-syntax',
      `only NCCL knows "${not}${equals}"; here it is part of a name that no interface has`,
    );
  if (/\s/.test(value) || parseAddress(list) !== null)
    return fault('ifname-syntax', 'it takes names of interfaces, separated by commas');
  if (syntax === 'nccl' && value.length === 1)
    return fault('ifname-syntax', 'NCCL ignores a value of one character');
  const names = list.split(',').filter((name) => name !== '');
  if (not !== '' || names.length === 0) return null;
  return namesFault(view, names, syntax === 'plain' || equals !== '');
}

function namesFault(view: NodeView, names: readonly string[], exact: boolean): EnvFault | null {
  const device = view.ports.find((port) => names.includes(port.device));
  if (device !== undefined)
    return fault(
      'ifname-syntax',
      `${device.device} is an RDMA device; its interface is ${device.netdev ?? 'not known'}`,
    );
  const hits = view.interfaces.filter((item) =>
    names.some((name) => (exact ? item.name === name : item.name.startsWith(name))),
  );
  const usable = hits.filter((item) => item.up !== false);
  const first = usable[0];
  const prefixed =
    exact && hits.length === 0
      ? view.interfaces.filter((item) => names.some((name) => item.name.startsWith(name)))
      : [];
  if (prefixed.length > 0)
    return fault(
      'ifname-syntax',
      `it takes whole names, not a prefix; there is ${prefixed.map((item) => item.name).join(', ')}`,
    );
  if (first === undefined) return absentFault(view, names, hits);
  if (usable.every((item) => overlayReason(item) !== null)) return overlayFault(view, first);
  const control = knownControl(view);
  if (control === null || usable.some((item) => item.name === control.name)) return null;
  return fault('wrong-interface', `${first.name} is not ${control.name}, and ${control.because}`);
}

/** Interfaces that were never listed prove nothing, except by what their names say. */
function absentFault(
  view: NodeView,
  names: readonly string[],
  hits: readonly InterfaceView[],
): EnvFault | null {
  if (hits.length > 0)
    return fault('no-socket-interface', `${hits.map((item) => item.name).join(', ')} is down`);
  if (view.node.netdevs !== null && view.interfaces.some((item) => overlayReason(item) === null))
    return fault(
      'no-socket-interface',
      `no interface matches ${names.join(', ')}; there are ${view.interfaces.map((item) => item.name).join(', ')}`,
    );
  const ghost = names
    .map((name) => ({ name, netdev: null, up: null, addresses: [] }))
    .filter((item) => overlayReason(item) !== null);
  return ghost.length === names.length && ghost[0] !== undefined ? overlayFault(view, ghost[0]) : null;
}

function overlayFault(view: NodeView, item: InterfaceView): EnvFault | null {
  const reason = overlayReason(item);
  // A routed fabric may keep the host's only address on lo.
  if (reason === 'loopback')
    return item.addresses.some((own) => !isLoopback(own.address))
      ? null
      : fault('loopback-used', `${item.name} reaches this host only`);
  const others = view.interfaces.filter(
    (other) => overlayReason(other) === null && other.up !== false && other.addresses.length > 0,
  );
  return fault(
    'wrong-interface',
    `${item.name} is a ${reason}${others.length === 0 ? '' : `, and ${others.map((other) => other.name).join(', ')} join the hosts`}`,
  );
}

function fault(category: EnvFault['category'], because: string): EnvFault {
  return { category, because };
}
