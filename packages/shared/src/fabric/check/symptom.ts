/** A place and a layer, in words: cause, fix and category of failing pair tests. */
import type { Cut } from './cut.ts';
import type { Culprit } from './model.ts';

export type Symptom =
  /** The rail's cable leads to another rail of the peer. */
  | { readonly kind: 'crossed' }
  /** Not even link-local addresses reach the peer. */
  | { readonly kind: 'no-link' }
  /** No TCP; `link`: link-local addresses do reach it, so cable and switch are fine. */
  | { readonly kind: 'no-ip'; readonly link: boolean }
  /** TCP on some ports or in one direction only. */
  | { readonly kind: 'some-ports'; readonly link: boolean }
  | { readonly kind: 'mtu' }
  /** RDMA packets arrive on both sides, and yet no test comes to its end. */
  | { readonly kind: 'stalls' }
  /** IP is fine, RDMA is not; `oneWay` when the counters show packets that left and never came (`a > b`). */
  | { readonly kind: 'verbs'; readonly oneWay: string | null };

export interface Advice {
  readonly category: string;
  readonly culprit: Culprit['kind'];
  readonly cause: string;
  readonly fix: string;
}

export function advise(cut: Cut, symptom: Symptom, path: string): Advice {
  const where = placeOf(cut);
  const wide = cut.kind === 'all' || cut.kind === 'groups';
  const kindAt = (own: Culprit['kind']): Culprit['kind'] =>
    wide ? 'switch' : cut.kind === 'pair' ? 'path' : own;
  switch (symptom.kind) {
    case 'crossed':
      return {
        category: 'crossed-rails',
        culprit: kindAt('cable'),
        cause: `the cables of ${path} are crossed at ${where}: they lead to other rails of the peers`,
        fix: 'swap the cables at the node, or the switch ports (or their VLANs), or the addresses of the two interfaces',
      };
    case 'no-link':
      return {
        category: 'no-link',
        culprit: kindAt('cable'),
        cause: `${path} of ${where} is not connected: not even link-local addresses reach the other end`,
        fix: 'check cable, transceiver, switch port and its VLAN',
      };
    case 'no-ip':
      return {
        category: 'firewall-or-route',
        culprit: kindAt('port'),
        cause: `${path} of ${where} carries no TCP${symptom.link ? ', while link-local addresses get through: cable and switch are fine' : ''}`,
        fix: 'check `ip route get PEER`, rp_filter and the firewalls (`nft list ruleset`, `iptables -S`) on these nodes',
      };
    case 'some-ports':
      return {
        category: 'firewall-or-route',
        culprit: kindAt('port'),
        cause: `${path} of ${where} lets some TCP connections through and stops others: engines also take random ports`,
        fix: 'let all TCP ports through between the nodes of the gang (`nft list ruleset`, `iptables -S`, security groups)',
      };
    case 'mtu':
      return {
        category: 'mtu-mismatch',
        culprit: kindAt('port'),
        cause: `${path} of ${where} does not carry packets of the interfaces' full size`,
        fix: 'give all interfaces and the switch ports between them one MTU (`ip link set NETDEV mtu N`)',
      };
    case 'stalls':
      return {
        category: 'rdma-stalls',
        culprit: kindAt('path'),
        cause: `RDMA packets arrive both ways on ${path} of ${where}, but no test comes to its end`,
        fix: 'look for lost packets (`rdma statistic show`, discards on the switch ports), for PFC or ECN settings that differ, and for hosts without free CPU',
      };
    case 'verbs':
      return symptom.oneWay === null
        ? broken(path, where, kindAt('port'))
        : oneWay(path, symptom.oneWay, kindAt('port'));
  }
}

const broken = (path: string, where: string, culprit: Culprit['kind']): Advice => ({
  category: 'rdma-blocked',
  culprit,
  cause: `TCP gets through on ${path} of ${where}, RDMA does not`,
  fix: 'let UDP port 4791 (RoCE v2) through on nodes and switches, and check that both GIDs are of one version and subnet',
});

const oneWay = (path: string, way: string, culprit: Culprit['kind']): Advice => ({
  category: 'rdma-blocked',
  culprit,
  cause: `RDMA packets (UDP port 4791) are lost one way on ${path}: ${way}; TCP passes both ways`,
  fix: `let UDP port 4791 through from ${way.replace(' > ', ' to ')}: firewall of either node (\`nft list ruleset\`, \`iptables -S\`) and access lists of the switch`,
});

function placeOf(cut: Cut): string {
  switch (cut.kind) {
    case 'nodes':
      return cut.nodes.join(' and ');
    case 'pair':
      return cut.nodes.join(' and ');
    case 'all':
      return 'every node';
    case 'groups':
      return `the switches between {${cut.groups.map((group) => group.join(', ')).join('} and {')}}`;
  }
}
