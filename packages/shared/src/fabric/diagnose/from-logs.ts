/** What the ranks' logs say is wrong, with what is known of the fabric to tell causes apart. */

import { classifyError } from '../nccl-log/error-rules.ts';
import type { NcclError } from '../nccl-log/model.ts';
import { parseAddress } from '../select/address.ts';
import { overlayReason } from '../select/control.ts';
import type { FabricCategory } from './categories.ts';
import { type Finding, finding } from './finding.ts';
import type { DiagnoseInput, Evidence, NodeReport } from './model.ts';

/** One finding a category, earliest line first in its evidence. */
export function logFindings(input: DiagnoseInput): Finding[] {
  const said = input.reports.flatMap((from) => from.report.errors.map((error) => ({ error, from })));
  return [
    ...byCategory(said, input),
    ...completionFindings(said, input),
    ...unansweredPairs(said),
    ...emptyPlugin(input),
    ...foreignNetwork(input),
    ...silentRanks(input),
    ...straySockets(input),
    ...strayLines(input),
  ];
}

/** NCCL looks for devices in every job; that it found none matters where ranks talk over the network, or where it ended. */
function missesRdma(items: readonly Said[], input: DiagnoseInput): boolean {
  if (items.some(({ from }) => from.report.transport === 'failed')) return true;
  return input.selection?.transport !== 'tcp' && leavesHost(input);
}

/** The gang has a second node, or a log says so: by another host, more ranks than its own, or a channel over the network. */
function leavesHost({ nodes, reports }: DiagnoseInput): boolean {
  const hosts = new Set(reports.flatMap(({ report }) => report.host ?? []));
  if (nodes.length > 1 || hosts.size > 1) return true;
  return reports.some(({ report: { nodeCount, netLinks, ranks } }) =>
    nodeCount === null
      ? netLinks.length > 0 || ranks.some(({ nranks }) => (nranks ?? 0) > ranks.length)
      : nodeCount > 1,
  );
}

interface Said {
  readonly error: NcclError;
  readonly from: NodeReport;
}

function byCategory(said: readonly Said[], input: DiagnoseInput): Finding[] {
  const groups = Map.groupBy(said, ({ error }) => error.category);
  return [...groups].flatMap(([category, items]) => {
    // A bare "retry exceeded" is told apart below; sockets that were chosen are no fallback.
    if (category === 'retry-exceeded' || (category === 'tcp-fallback' && !fellToSockets(groups, input)))
      return [];
    if (category === 'no-rdma-device-in-container' && !missesRdma(items, input))
      return isSizeOpen(items) && fellToSockets(groups, input) ? [hiddenDevices(items)] : [];
    const consequence = items.every(({ error }) => error.consequence) || category === 'tcp-fallback';
    const guessed =
      ['gdr-disabled', 'mixed-link-layers'].includes(category) ||
      (category === 'wrong-gid' && !gidsSeen(items, input));
    const confidence = guessed ? 'medium' : 'high';
    return [
      finding(category, confidence, evidenceOf(items), { consequence, ...causeOf(category, items, input) }),
    ];
  });
}

/** No line says how many ranks or nodes the gang has. */
function isSizeOpen(items: readonly Said[]): boolean {
  return items.some(({ from: { report } }) => report.nodeCount === null && report.ranks.length === 0);
}

function fellToSockets(
  groups: ReadonlyMap<FabricCategory, readonly Said[]>,
  { selection }: DiagnoseInput,
): boolean {
  return groups.has('tcp-fallback') && selection?.transport !== 'tcp';
}

/** Where nothing says that the gang has a second host, missing device nodes are only a guess. */
function hiddenDevices(items: readonly Said[]): Finding {
  return finding('no-rdma-device-in-container', 'low', evidenceOf(items), {
    cause: 'NCCL found no RDMA device: the host may have none, or the container lacks /dev/infiniband',
  });
}

function causeOf(
  category: FabricCategory,
  items: readonly Said[],
  input: DiagnoseInput,
): { cause?: string; fix?: string } {
  const first = items[0]?.error;
  if (first === undefined) return {};
  if (first.line.includes('NET/OFI') && OFI_DEVICE.includes(category))
    return {
      cause:
        category === 'device-open-failed'
          ? 'aws-ofi-nccl counts a device that libfabric cannot open: the EFA interface is not there for this process, or plugin and libfabric do not fit'
          : 'aws-ofi-nccl finds no libfabric provider for a fabric device: no EFA interface is here, or libfabric was built without it',
      fix: '`fi_info -p efa` on each node, inside the container: it must list every EFA interface; if not, attach EFA to the instance, pass /dev/infiniband/uverbs* in with an unlimited memlock, and install the versions of libfabric and aws-ofi-nccl that one EFA installer brings, the same on all nodes',
    };
  if (category === 'peer-died' && first.peer !== null) {
    const owner = ownerOf(first.peer, input);
    return { cause: `${owner ?? first.peer} closed the connection: it failed first` };
  }
  if (category === 'rail-isolated' && first.line.includes(' via NET/'))
    return {
      cause:
        'the rails are kept apart and channels still join GPUs of different rails: inside a node NCCL may carry traffic from one NIC to the other',
      fix: 'NCCL_NET_DISABLE_INTRA=1 together with NCCL_CROSS_NIC=0',
    };
  if (
    category === 'wrong-gid' &&
    first.localGid === null &&
    /No such device|errno 19\b|error 19\b/.test(first.line)
  )
    return {
      cause:
        'the interface of the GID row in use is not here: the row belongs to another network namespace (the host’s or another container’s), or is no RoCE v2 row of an address',
    };
  if (category === 'wrong-gid' && first.localGid !== null)
    return {
      cause: `the connection runs from GID ${first.localGid} to ${first.remoteGid ?? '?'}, which is no routable RoCE v2 address`,
    };
  return {};
}

/** The line shows the GIDs, or a text their table. */
function gidsSeen(items: readonly Said[], { nodes }: DiagnoseInput): boolean {
  const tables = nodes.flatMap(
    (node) => node.hcas?.flatMap(({ ports }) => ports.map(({ gids }) => gids)) ?? [],
  );
  return (
    items.some(({ error }) => error.localGid !== null) || tables.some((table) => (table?.length ?? 0) > 0)
  );
}

const OFI_DEVICE: readonly FabricCategory[] = ['device-open-failed', 'no-rdma-device-in-container'];

/** Completion status 12 says only that no answer came. Which layer lost it depends on the kind of fabric. */
function completionFindings(said: readonly Said[], input: DiagnoseInput): Finding[] {
  const items = said.filter(({ error }) => error.category === 'retry-exceeded');
  if (items.length === 0) return [];
  const evidence = evidenceOf(items);
  const overIb =
    items.some(({ from }) => from.report.transport === 'ib') || input.selection?.transport === 'ib';
  if (overIb)
    return [
      finding('fabric-partition', 'high', evidence, {
        cause:
          'an InfiniBand port gets no answer from its peer: native IB needs no GID and no route, so the two ports are not on one fabric, or their P_Keys differ',
      }),
      finding('retry-exceeded', 'low', evidence),
    ];
  const rails = items.some(
    ({ error }) =>
      error.localGid !== null && error.remoteGid !== null && !sameRail(error.localGid, error.remoteGid),
  );
  return [
    finding('retry-exceeded', 'high', evidence),
    finding(rails ? 'rail-isolated' : 'wrong-gid', rails ? 'medium' : 'low', evidence),
  ];
}

/** A pair that cannot be set up (RTR times out resolving the peer): of two rails as well, where the GIDs do not tell. */
function unansweredPairs(said: readonly Said[]): Finding[] {
  const items = said.filter(
    ({ error: { category, line, localGid, remoteGid } }) =>
      category === 'firewall-or-route' &&
      line.includes('ibv_modify_qp') &&
      [localGid, remoteGid].some((gid) => gid === null || parseAddress(gid) === null),
  );
  return items.length === 0 ? [] : [finding('rail-isolated', 'low', evidenceOf(items))];
}

/** A plugin that is loaded and finds only TCP has no device nodes. */
function emptyPlugin({ reports }: DiagnoseInput): Finding[] {
  const lines = reports.flatMap((from) =>
    from.report.errors
      .filter((error) => /Selected [Pp]rovider is (?:tcp|sockets|udp)/.test(error.line))
      .map((error) => ({ error, from })),
  );
  if (lines.length === 0) return [];
  return [
    finding('no-rdma-device-in-container', 'high', evidenceOf(lines), {
      cause: 'the OFI plugin is loaded and finds no fabric device, so libfabric offers TCP',
    }),
  ];
}

/** UCX or another external plugin in place of NCCL's own verbs transport. */
function foreignNetwork({ reports }: DiagnoseInput): Finding[] {
  const foreign = reports.filter(({ report }) => report.transport === 'ucx');
  if (foreign.length === 0) return [];
  const evidence = foreign.map(({ node, report }) => ({
    node: node ?? report.host,
    text: `Using network ${report.network} (plugin ${report.plugin ?? 'not named'})`,
  }));
  return [
    finding('plugin-conflict', 'low', evidence, {
      cause: `the plugin routes NCCL over ${foreign[0]?.report.network} instead of its own verbs transport`,
    }),
  ];
}

/**
 * NCCL sends over every interface that it lists for sockets, and leaves out only lo, docker and virbr (misc/socket.cc):
 * a bridge of this host or a private network among them makes connections hang, or slow.
 */
function straySockets({ reports }: DiagnoseInput): Finding[] {
  const items = reports.flatMap(({ node, report }) => {
    const stray = report.socketIfnames.flatMap((name) => {
      const because = overlayReason({ name, netdev: null, up: null, addresses: [] });
      return because === null ? [] : [{ name, because }];
    });
    const good = report.socketIfnames.filter((name) => stray.every((item) => item.name !== name));
    return stray.length === 0 || report.nodeCount === 1 ? [] : [{ host: node ?? report.host, stray, good }];
  });
  const [first] = items;
  if (first === undefined) return [];
  const take = first.good[0] === undefined ? 'INTERFACE' : first.good[0];
  return [
    finding(
      'wrong-interface',
      'medium',
      items.map(({ host, stray, good }) => ({
        node: host,
        text: `NET/Socket uses ${[...good, ...stray.map(({ name }) => name)].join(', ')}`,
      })),
      {
        cause: `NCCL's sockets also use ${first.stray.map(({ name, because }) => `${name} (${because})`).join(', ')}, which joins no hosts of the gang`,
        fix: `NCCL_SOCKET_IFNAME==${take} and GLOO_SOCKET_IFNAME=${take} on ${first.host ?? 'this host'}, and on every node the interface that routes to the others`,
      },
    ),
  ];
}

/** Ranks that began to connect and did not finish while others did, or went silent. */
function silentRanks({ reports }: DiagnoseInput): Finding[] {
  const ranks = reports.flatMap((from) => from.report.ranks.map((rank) => ({ rank, from })));
  const done = ranks.some(({ rank }) => rank.completed);
  const stuck = ranks.filter(({ rank }) => rank.started && !rank.completed);
  if (!done || stuck.length === 0) return [];
  const evidence = stuck.map(({ rank, from }) => ({
    node: from.node ?? from.report.host,
    text: `rank ${rank.rank} started init and did not complete it`,
  }));
  return [
    finding('timeout', 'low', evidence, {
      cause: `rank ${stuck.map(({ rank }) => rank.rank).join(', ')} hangs in NCCL's init while others are through`,
      consequence: true,
    }),
  ];
}

/** Lines outside NCCL's log. */
function strayLines({ errorLines }: DiagnoseInput): Finding[] {
  return errorLines.flatMap(({ node, line }) => {
    const text = line.slice(0, 1000);
    if (toolTrouble.test(text)) return [finding('tool-partial-output', 'medium', [{ node, text }])];
    const kind = classifyError(text);
    return kind === null
      ? []
      : [finding(kind.category, 'medium', [{ node, text }], { consequence: kind.consequence })];
  });
}

/** infiniband-diags prefix their own failures; other tools name themselves and the file. */
const toolTrouble =
  /^\s*(?:ib(?:panic|warn|error)\b|(?:ibstat|ibstatus|ibv_devinfo|show_gids|rdma|nvidia-smi)\S*: .*(?:fail|error|cannot|unable|No such))/i;

function evidenceOf(items: readonly Said[]): Evidence[] {
  return [...items]
    .sort((a, b) => a.error.lineNumber - b.error.lineNumber)
    .slice(0, 8)
    .map(({ error, from }) => ({ node: from.node ?? from.report.host, text: error.line.slice(0, 500) }));
}

function ownerOf(peer: string, { nodes, reports }: DiagnoseInput): string | null {
  const address = peer.replace(/<\d*>?$/, '');
  const byFacts = nodes.find(
    (node) =>
      node.given.nodeIp === address ||
      node.netdevs?.some((netdev) => netdev.addresses.some((own) => own.address === address)),
  );
  const byLog = reports.find(({ report }) => report.oobAddress === address);
  return byFacts?.name ?? byLog?.node ?? byLog?.report.host ?? null;
}

function sameRail(a: string, b: string): boolean {
  const [left, right] = [a, b].map((text) => text.replace(/^::ffff:/i, ''));
  return (
    left !== undefined &&
    right !== undefined &&
    left.slice(0, left.lastIndexOf('.')) === right.slice(0, right.lastIndexOf('.'))
  );
}
