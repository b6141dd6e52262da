/** One node on its way to an answer: what it chose alone, before the gang's rails trim it. */
import type { Reason } from '../model.ts';
import { type Control, knownControl, likelyControl } from './control.ts';
import { chooseGid, type GidChoice } from './gid.ts';
import type { NodeChoice } from './node-choice.ts';
import type { Overrides } from './overrides.ts';
import type { Pairing, RailMember } from './rails.ts';
import type { SubnetCounts } from './subnets.ts';
import type { GangNode } from './transport.ts';
import { interfaceOf, type NodeView, type PortView } from './view.ts';

/** Why a port that is fine by itself is left out. */
export const NO_PARTNER = 'its rail has no port on another node of the gang';

export interface Draft {
  readonly member: GangNode;
  readonly control: Control | null;
  readonly ports: readonly PortView[];
  /** In the order of `ports`. */
  readonly gids: readonly GidChoice[];
  readonly reasons: readonly Reason[];
}

/** The control interface that is certain: named by the operator, or proven by an address or a route. */
export function certainControl(view: NodeView, { controlInterface }: Overrides): Control | null {
  return givenControl(view, controlInterface) ?? knownControl(view);
}

/** Adds control interface and GIDs to the ports that the node chose. */
export function draftNode(member: GangNode, choice: NodeChoice, subnets: SubnetCounts): Draft {
  const fabric = new Set(choice.ports.flatMap((port) => port.netdev ?? []));
  return {
    member,
    control: member.known ?? likelyControl(member.view, fabric, subnets),
    ports: choice.ports,
    gids: choice.ports.map((port) => overriddenGid(member, chooseGid(member.view, port, subnets))),
    reasons: choice.reasons,
  };
}

/** The node's ports as the pairing of rails sees them. */
export function railMembers({ member, ports, gids }: Draft): RailMember[] {
  return ports.map((port, i) => {
    const item = interfaceOf(member.view, port.netdev);
    const address = gids[i]?.address ?? item?.addresses[0]?.address ?? null;
    return {
      node: member.view.node.name,
      key: port.key,
      address,
      prefixLength: member.view.prefixOf.get(address ?? '') ?? null,
      nearGpus: port.nearGpus,
      pci: port.hca?.pci ?? null,
      netdev: port.netdev,
      layer: port.layer,
    };
  });
}

/** Ports whose partner is missing on another node fall out where the pairing is certain: NCCL wants equal sets. */
export function withoutUnpaired(item: Draft, pairing: Pairing): Draft {
  const alone = (port: PortView) =>
    pairing.by !== 'order' &&
    item.member.overrides.hcas === null &&
    pairing.unpaired.has(`${item.member.view.node.name}/${port.key}`);
  if (!item.ports.some(alone)) return item;
  return {
    ...item,
    ports: item.ports.filter((port) => !alone(port)),
    gids: item.gids.filter((_, i) => !alone(item.ports[i] as PortView)),
    reasons: item.reasons.map((reason) =>
      reason.decision === 'in' && item.ports.some((port) => port.key === reason.subject && alone(port))
        ? { ...reason, decision: 'out', because: NO_PARTNER }
        : reason,
    ),
  };
}

function givenControl(view: NodeView, override: { value: string; source: string } | null): Control | null {
  if (override === null) return null;
  const own = interfaceOf(view, override.value)?.addresses.map((item) => item.address) ?? [];
  const { nodeIp } = view.node.given;
  const address =
    nodeIp !== undefined && (own.length === 0 || own.includes(nodeIp)) ? nodeIp : (own[0] ?? null);
  return { name: override.value, address, because: override.source, certain: true };
}

function overriddenGid({ overrides }: GangNode, gid: GidChoice): GidChoice {
  return overrides.gidIndex === null
    ? gid
    : {
        ...gid,
        index: overrides.gidIndex.value,
        because: `row ${overrides.gidIndex.value}: ${overrides.gidIndex.source}`,
      };
}
