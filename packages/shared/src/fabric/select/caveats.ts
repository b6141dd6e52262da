/** What speaks against the ports that were chosen without ruling them out, and what the others' state suggests. */
import { UNNAMED_DEVICE } from '../merge/merge-gids.ts';
import { mostlyOneNetwork } from './class-rules.ts';
import type { Draft } from './draft.ts';
import { interfaceOf, type PortView } from './view.ts';

/** Warnings of one node. */
export function portCaveats(draft: Draft): string[] {
  const {
    member: { view },
    ports,
  } = draft;
  return [
    strangers(draft),
    nameless(ports),
    softwareOnly(ports),
    untoldStates(ports),
    bareNames(view.ports, ports),
    changingStates(draft),
    darkInfiniband(view.ports, ports),
  ].flatMap((because) => (because === null ? [] : [`${view.node.name}: ${because}`]));
}

/** Ports of another network than most: where GPUs and speeds are not shown, nothing tells storage from a rail. */
function strangers({ member: { view, overrides }, ports }: Draft): string | null {
  if (overrides.hcas !== null || view.node.gpuCount !== null || ports.length < 3) return null;
  const most = mostlyOneNetwork(view, ports);
  if (most === null) return null;
  const others = ports.filter(
    (port) => !most.includes(port) && (interfaceOf(view, port.netdev)?.addresses.length ?? 0) > 0,
  );
  return others.length === 0
    ? null
    : `${keys(others)} has an address of another network than the ${most.length} others: a rail, or storage or the front end? Paste ibstat and nvidia-smi topo -m`;
}

/** GIDs of a text that names no device: they can be judged, and NCCL_IB_HCA cannot be written. */
function nameless(ports: readonly PortView[]): string | null {
  return ports.some(({ device }) => device === UNNAMED_DEVICE)
    ? 'the device’s name is not shown, so NCCL_IB_HCA is left out: paste ibdev2netdev'
    : null;
}

function softwareOnly(ports: readonly PortView[]): string | null {
  const made = ports.filter(({ family }) => family.software);
  return made.length === 0 ? null : `${keys(made)}: ${made[0]?.family.note}`;
}

/** ibdev2netdev's (Down) is the carrier of the IPoIB interface, which native InfiniBand does not need. */
function untoldStates(ports: readonly PortView[]): string | null {
  const open = ports.filter(
    ({ layer, facts }) => layer === 'ib' && facts?.state === null && facts.netdevUp === false,
  );
  return open.length === 0
    ? null
    : `whether ${keys(open)} are active is not known: (Down) is their IPoIB interface; paste ibstat, which shows the ports`;
}

/** Ports of which only the name is shown, beside others whose state is. */
function bareNames(all: readonly PortView[], chosen: readonly PortView[]): string | null {
  const bare = chosen.filter(
    ({ facts, layer, netdev }) => layer === null && netdev === null && facts !== null && facts.state === null,
  );
  return bare.length === 0 || all.every(({ facts }) => (facts?.state ?? null) === null)
    ? null
    : `whether ${keys(bare)} are active is not shown, as it is for others: the text may be cut there`;
}

/** A port of which two listings say different states. */
function changingStates({ member: { view }, ports }: Draft): string | null {
  const changed = ports.filter(({ key }) =>
    view.node.contradictions.some(({ subject }) => subject === `${key} state`),
  );
  return changed.length === 0
    ? null
    : `the state of ${keys(changed)} changes between the listings: a link that comes and goes ends jobs; look at cable, transceiver and switch port`;
}

/** A host that has InfiniBand was bought for it: Ethernet alone is then the front end. */
function darkInfiniband(all: readonly PortView[], chosen: readonly PortView[]): string | null {
  const ib = all.filter(({ layer }) => layer === 'ib');
  const states = ib.map(({ facts }) => facts?.state ?? null);
  if (ib.length === 0 || states.some((state) => state === null || state === 'active')) return null;
  if (all.some(({ layer, facts }) => layer === null && facts?.state !== 'down')) return null;
  const left = chosen.length === 0 ? '' : `, and ${keys(chosen)} may be the front end only`;
  return `all IB ports are down (${keys(ib)})${left}`;
}

function keys(ports: readonly PortView[]): string {
  return ports.map(({ key }) => key).join(', ');
}
