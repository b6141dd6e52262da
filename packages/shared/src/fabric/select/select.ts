/**
 * The fabric of one gang: control interface, HCAs, rails, GID policy and environment of every node, with the reason
 * of every choice. Pure; the order of the nodes does not change what is chosen.
 */
import type {
  ChosenHca,
  FabricNode,
  FabricPolicy,
  FabricSelection,
  NodeFabric,
  Reason,
  Refusal,
} from '../model.ts';
import { type Control, knownControl, likelyControl } from './control.ts';
import { fabricEnv } from './env.ts';
import { checkGang } from './gang-checks.ts';
import { chooseGid, type GidChoice } from './gid.ts';
import { gidPolicy } from './gid-policy.ts';
import { isolatedRails } from './isolation.ts';
import type { NodeChoice } from './node-choice.ts';
import { overlapRefusals } from './overlap.ts';
import { overrideFaults, overridesOf } from './overrides.ts';
import { type Pairing, pairRails, type RailMember } from './rails.ts';
import { countSubnets, type SubnetCounts } from './subnets.ts';
import { chooseTransport, type GangNode } from './transport.ts';
import { interfaceOf, type NodeView, type PortView, viewNode } from './view.ts';

/** Selects the fabric of a gang. What cannot work comes back as refusals, never as an exception. */
export function selectFabric(nodes: readonly FabricNode[], policy: FabricPolicy): FabricSelection {
  const gang = nodes.map((node): GangNode => {
    const view = viewNode(node);
    const overrides = overridesOf(policy, node.name);
    return { view, overrides, known: givenControl(view, overrides.controlInterface) ?? knownControl(view) };
  });
  const { transport, choices, warnings, refusals } = chooseTransport(gang, policy);
  const subnets = countSubnets(gang.map(({ view }) => view));
  const drafts = gang.map((member, i) => draft(member, choices[i] ?? { ports: [], reasons: [] }, subnets));
  const pairing = pairRails(drafts.flatMap(members));
  const trimmed = drafts.map((item) => withoutUnpaired(item, pairing));
  const even = new Set(trimmed.map((item) => item.ports.length)).size === 1;
  const isolated = isolatedRails(
    gang.map(({ view }) => view),
    trimmed.map((item) => item.ports),
    pairing,
  );
  const policies = trimmed.map((item) =>
    gidPolicy(item.member.view, item.ports, item.gids, policy.ncclVersion, item.member.overrides.gidIndex),
  );
  const fabrics = trimmed.map((item, i): NodeFabric => {
    const hcas = chosenHcas(item, pairing);
    const gid = policies[i] ?? { gidEnv: 'unset' as const, because: '' };
    const set = fabricEnv({
      transport,
      ncclVersion: policy.ncclVersion,
      gpuRanks: policy.gpuRanks,
      netPlugin: policy.netPlugin ?? null,
      controlInterface: item.control?.name ?? null,
      controlSource: item.control?.because ?? '',
      hcas,
      gids: item.gids,
      gidEnv: gid.gidEnv,
      gidReason: gid.because,
      isolatedRails: isolated,
      evenRails: even,
    });
    return {
      node: item.member.view.node.name,
      controlInterface: item.control?.name ?? null,
      address: item.control?.address ?? null,
      hcas,
      gidEnv: gid.gidEnv,
      ...set,
      reasons: [
        ...controlReasons(item),
        ...item.reasons,
        ...gidReasons(item),
        ...(hcas.length === 0
          ? []
          : [{ subject: 'NCCL_IB_GID_INDEX', decision: 'chosen' as const, because: gid.because }]),
      ],
    };
  });
  const checked = checkGang(
    gang.map(({ view }) => view),
    fabrics,
    transport,
  );
  const allRefusals = [
    ...trimmed.flatMap(({ member, ports }) => overrideFaults(member.view, member.overrides, ports)),
    ...refusals,
    ...policies.flatMap((item) => item.refusals),
    ...checked.refusals,
    ...fabrics.flatMap((node, i) =>
      overlapRefusals((gang[i] as GangNode).view, node, gang[i]?.overrides.controlInterface != null),
    ),
  ];
  const allWarnings = [
    ...warnings,
    ...unevenWarnings(drafts, pairing),
    ...policies.flatMap((item) => item.warnings),
    ...checked.warnings,
  ];
  return {
    verdict: verdictOf(
      allRefusals,
      allWarnings,
      transport !== null || fabrics.some((node) => node.hcas.length > 0),
    ),
    transport,
    nodes: fabrics,
    rails: pairing.rails,
    warnings: allWarnings,
    refusals: allRefusals,
  };
}

interface Draft {
  readonly member: GangNode;
  readonly control: Control | null;
  readonly ports: readonly PortView[];
  readonly gids: readonly GidChoice[];
  readonly reasons: readonly Reason[];
}

function givenControl(view: NodeView, override: { value: string; source: string } | null): Control | null {
  if (override === null) return null;
  const own = interfaceOf(view, override.value)?.addresses.map((item) => item.address) ?? [];
  const { nodeIp } = view.node.given;
  const address =
    nodeIp !== undefined && (own.length === 0 || own.includes(nodeIp)) ? nodeIp : (own[0] ?? null);
  return { name: override.value, address, because: override.source, certain: true };
}

function draft(member: GangNode, choice: NodeChoice, subnets: SubnetCounts): Draft {
  const fabric = new Set(choice.ports.flatMap((port) => port.netdev ?? []));
  return {
    member,
    control: member.known ?? likelyControl(member.view, fabric, subnets),
    ports: choice.ports,
    gids: choice.ports.map((port) => overriddenGid(member, chooseGid(member.view, port, subnets))),
    reasons: choice.reasons,
  };
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

function members({ member, ports, gids }: Draft): RailMember[] {
  return ports.map((port, i) => {
    const item = interfaceOf(member.view, port.netdev);
    const address = gids[i]?.address ?? item?.addresses[0]?.address ?? null;
    const own = member.view.interfaces
      .flatMap((other) => other.addresses)
      .find((candidate) => candidate.address === address && candidate.prefixLength !== null);
    return {
      node: member.view.node.name,
      key: port.key,
      address,
      prefixLength: own?.prefixLength ?? null,
      nearGpus: port.nearGpus,
      pci: port.hca?.pci ?? null,
    };
  });
}

/** Ports whose partner is missing on another node fall out where the pairing is certain: NCCL wants equal sets. */
function withoutUnpaired(item: Draft, pairing: Pairing): Draft {
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
        ? { ...reason, decision: 'out', because: 'its rail has no port on another node of the gang' }
        : reason,
    ),
  };
}

function unevenWarnings(drafts: readonly Draft[], pairing: Pairing): string[] {
  if (pairing.unpaired.size === 0) return [];
  const counts = drafts.map((item) => `${item.member.view.node.name} ${item.ports.length}`).join(', ');
  const what = pairing.by === 'order' ? 'kept, since nothing tells which belong together' : 'left out';
  return [
    `the nodes have different HCAs (${counts}); without a partner on every node, and ${what}: ${[...pairing.unpaired].sort().join(', ')}`,
  ];
}

function chosenHcas(item: Draft, pairing: Pairing): ChosenHca[] {
  const name = item.member.view.node.name;
  return item.ports.map((port, i) => ({
    device: port.device,
    port: port.port,
    netdev: port.netdev,
    gidIndex: item.gids[i]?.index ?? null,
    address:
      item.gids[i]?.address ?? interfaceOf(item.member.view, port.netdev)?.addresses[0]?.address ?? null,
    rateGbps: port.facts?.rateGbps ?? null,
    rail: pairing.rails.find((rail) => rail.members[name] === port.key)?.index ?? null,
    nearGpus: port.nearGpus,
  }));
}

function controlReasons({ control, member }: Draft): Reason[] {
  if (control === null)
    return [
      {
        subject: 'control interface',
        decision: 'unknown',
        because:
          member.view.interfaces.length === 0
            ? 'no interface was seen'
            : 'no interface is up with an address',
      },
    ];
  return [{ subject: control.name, decision: 'chosen', because: `control interface: ${control.because}` }];
}

function gidReasons({ ports, gids }: Draft): Reason[] {
  return ports.flatMap((port, i) => {
    const gid = gids[i];
    return gid === undefined || gid.index === null
      ? []
      : [{ subject: `${port.key} GID`, decision: 'chosen' as const, because: gid.because }];
  });
}

function verdictOf(
  refusals: readonly Refusal[],
  warnings: readonly string[],
  decided: boolean,
): FabricSelection['verdict'] {
  if (refusals.length > 0) return 'refuse';
  return warnings.length > 0 ? 'warn' : decided ? 'ok' : 'unknown';
}
