/** Rails that the plan lost before any test: HCAs that are out on one node while their fellows are in. */
import type { FabricNode, FabricSelection, NodeFabric } from '../model.ts';
import { parseAddress, subnetOf } from '../select/address.ts';
import { NO_PARTNER } from '../select/draft.ts';
import { interfaceOf, viewNode } from '../select/view.ts';
import { oddOnes } from './cut.ts';
import type { CheckFinding } from './model.ts';

export function judgePlan(selection: FabricSelection, views: readonly FabricNode[]): CheckFinding[] {
  const broken = selection.nodes.flatMap((node) => brokenPorts(node, selection.nodes));
  const explained = new Set(broken.map(({ culprit }) => culprit.device));
  const refusals = broken.length > 0 ? [] : selection.refusals.map(fromRefusal);
  return [...refusals, ...broken, ...strangers(selection, views, explained)];
}

const fromRefusal = ({
  node,
  category,
  because,
  fix,
  table,
}: FabricSelection['refusals'][number]): CheckFinding => ({
  severity: 'error',
  category,
  culprit: {
    kind: node === null ? 'gang' : 'node',
    nodes: node === null ? [] : [node],
    rail: null,
    device: null,
  },
  cause: because,
  evidence: (table ?? []).map((row) => row.join('  ')),
  fix,
});

/** Ports that are usable on their own: chosen, or left out only because a partner is missing. */
const alive = ({ reasons }: NodeFabric): Set<string> =>
  new Set(
    reasons
      .filter(({ decision, because }) => decision === 'in' || because === NO_PARTNER)
      .map(({ subject }) => subject),
  );

/**
 * A port that is out here counts as broken when the port of that name lives on another node, or, where names differ,
 * when this node has fewer living ports than another and no other node has a port out for the same reason.
 */
function brokenPorts(node: NodeFabric, all: readonly NodeFabric[]): CheckFinding[] {
  const others = all.filter((other) => other !== node);
  const outs = node.reasons.filter(({ decision, because }) => decision === 'out' && because !== NO_PARTNER);
  const named = outs.filter(({ subject }) => others.some((other) => alive(other).has(subject)));
  const fewer = others.some((other) => alive(other).size > alive(node).size);
  const usual = new Set(others.flatMap(({ reasons }) => reasons.map(({ because }) => because)));
  const suspects = named.length > 0 || !fewer ? named : outs.filter(({ because }) => !usual.has(because));
  return suspects.map(({ subject, because }) => {
    const device = subject.replace(/:\d+$/, '');
    return {
      severity: 'error',
      category: categoryOf(because),
      culprit: { kind: 'port', nodes: [node.node], rail: null, device },
      cause: `${subject} of ${node.node} is out: ${because}; its rail is lost to the whole gang`,
      evidence: [`${node.node} ${subject}: ${because}`],
      fix: fixOf(because, node.node, device),
    };
  });
}

/** By the words of the rule that put the port out (select/port-rules.ts, select/gid.ts). */
function categoryOf(because: string): string {
  if (because.includes('device node')) return 'device-open-failed';
  if (/ is down|port is/.test(because)) return 'port-down';
  if (/address|GID/i.test(because)) return 'no-address';
  return 'hca-count-mismatch';
}

function fixOf(because: string, node: string, device: string): string {
  if (because.includes('device node'))
    return `on ${node}: modprobe ib_uverbs, and \`ls -l /dev/infiniband\`; in a container pass the device through`;
  if (/ is down|port is/.test(because))
    return `on ${node}: \`rdma link show ${device}/1\`, \`ip link set NETDEV up\`; then cable, transceiver and switch port`;
  if (/address|GID/i.test(because))
    return `on ${node}: give the interface of ${device} its address of the rail's subnet again`;
  return `on ${node}: repair ${device}, or leave it out on every node with network.perNode`;
}

/** Living ports without a partner: their addresses share no subnet. The odd one is the one off the gang's pattern. */
function strangers(
  { nodes }: FabricSelection,
  views: readonly FabricNode[],
  explained: ReadonlySet<string | null>,
): CheckFinding[] {
  const lonely = nodes.flatMap((node, i) => {
    const view = views[i] === undefined ? null : viewNode(views[i]);
    return node.reasons
      .filter(({ because }) => because === NO_PARTNER)
      .flatMap(({ subject }) => {
        const port = view?.ports.find(({ key }) => key === subject);
        const own = view === null || port === undefined ? null : interfaceOf(view, port.netdev)?.addresses[0];
        return own == null || port === undefined || explained.has(port.device)
          ? []
          : [{ node: node.node, device: port.device, netdev: port.netdev, ...own }];
      });
  });
  const placed = nodes.flatMap(({ hcas }) => hcas.flatMap(({ address }) => address ?? []));
  return [...Map.groupBy(lonely, ({ device }) => device).values()].map((members) => {
    const values = new Map(members.map(({ node, address }) => [node, blockOf(address)]));
    const odd = oddOnes(values, placed.map(blockOf));
    const wrong = members.filter(({ node }) => odd?.odd.includes(node) ?? true);
    return {
      severity: 'error',
      category: 'other-subnet',
      culprit: {
        kind: 'port',
        nodes: wrong.map(({ node }) => node),
        rail: null,
        device: wrong[0]?.device ?? null,
      },
      cause: `${wrong.map(({ node, netdev, address, prefixLength }) => `${netdev} of ${node} is in ${subnetOf(address, prefixLength) ?? address}`).join(', ')}, where no other node has a port: the rail of ${wrong[0]?.device} is lost to the whole gang`,
      evidence: members.map(
        ({ node, netdev, address, prefixLength }) => `${node} ${netdev}: ${address}/${prefixLength}`,
      ),
      fix: `give ${wrong.map(({ node, netdev }) => `${netdev} of ${node}`).join(', ')} an address of the rail's subnet`,
    };
  });
}

/** The 16 leading bits of an IPv4 address, 32 of an IPv6 one: what the rails of one site have in common. */
function blockOf(address: string): string | null {
  return subnetOf(address, parseAddress(address)?.family === 4 ? 16 : 32);
}
