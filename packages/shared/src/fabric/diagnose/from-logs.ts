/** What the ranks' logs say is wrong, with what is known of the fabric to tell causes apart. */
import type { FabricNode } from '../model.ts';
import { classifyError } from '../nccl-log/error-rules.ts';
import { overlayReason } from '../select/control.ts';
import { verbsTroubleOf } from '../select/verbs-library.ts';
import type { FabricCategory } from './categories.ts';
import { type Finding, finding } from './finding.ts';
import type { DiagnoseInput } from './model.ts';
import { evidenceOf, type Said } from './said.ts';
import { completionFindings, pairCause, showsRails, unansweredPairs } from './unanswered.ts';
import { isOthersLibrary, verbsTrouble } from './verbs-trouble.ts';

/** One finding a category, earliest line first in its evidence. */
export function logFindings(input: DiagnoseInput): Finding[] {
  const said = input.reports.flatMap((from) =>
    from.report.errors
      .filter(({ line }) => !isOthersLibrary(line, nodeOf(from.node ?? from.report.host, input)))
      .map((error) => ({ error, from })),
  );
  return [
    ...byCategory(said, input),
    ...completionFindings(said, input),
    ...unansweredPairs(said, input),
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

function byCategory(said: readonly Said[], input: DiagnoseInput): Finding[] {
  const groups = Map.groupBy(said, ({ error }) => error.category);
  return [...groups].flatMap(([category, items]) => {
    // A bare "retry exceeded" is told apart below; sockets that were chosen are no fallback.
    if (category === 'retry-exceeded' || (category === 'tcp-fallback' && !fellToSockets(groups, input)))
      return [];
    if (category === 'no-rdma-device-in-container' && isExplained(items, groups, input)) return [];
    if (category === 'no-rdma-device-in-container' && !missesRdma(items, input))
      return isSizeOpen(items) && fellToSockets(groups, input) ? [hiddenDevices(items)] : [];
    const consequence = items.every(({ error }) => error.consequence) || category === 'tcp-fallback';
    const guessed =
      ['gdr-disabled', 'mixed-link-layers'].includes(category) ||
      (category === 'rail-isolated' && !items.some(showsRails)) ||
      (category === 'wrong-gid' && !gidsSeen(items, input));
    const confidence = guessed ? 'medium' : 'high';
    return [
      finding(category, confidence, evidenceOf(items), { consequence, ...causeOf(category, items, input) }),
    ];
  });
}

/** That NCCL finds no device follows from one that it cannot open, or that libibverbs cannot use. */
function isExplained(
  items: readonly Said[],
  groups: ReadonlyMap<FabricCategory, readonly Said[]>,
  input: DiagnoseInput,
): boolean {
  const troubled = ({ from }: Said): boolean => {
    const node = nodeOf(from.node ?? from.report.host, input);
    return node !== null && verbsTroubleOf(node) !== null;
  };
  return groups.has('device-open-failed') || groups.has('verbs-library-missing') || items.every(troubled);
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
  const pair = pairCause(category, first, input);
  if (pair !== null && (category !== 'rail-isolated' || !items.some(showsRails))) return pair;
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
function strayLines(input: DiagnoseInput): Finding[] {
  return input.errorLines.flatMap(({ node, line }) => {
    const text = line.slice(0, 1000);
    const evidence = [{ node, text }];
    if (toolTrouble.test(text)) return [finding('tool-partial-output', 'medium', evidence)];
    const kind = classifyError(text);
    const host = nodeOf(node, input);
    if (kind === null || isOthersLibrary(text, host)) return [];
    const told = host === null ? null : verbsTrouble(text, host);
    if (told?.consequence) return [];
    return [
      finding(kind.category, told === null ? 'medium' : 'high', evidence, {
        consequence: kind.consequence,
        ...pairCause(kind.category, { ...kind, line: text }, input),
        ...told,
      }),
    ];
  });
}

/** infiniband-diags prefix their own failures; other tools name themselves and the file. */
const toolTrouble =
  /^\s*(?:ib(?:panic|warn|error)\b|(?:ibstat|ibstatus|ibv_devinfo|show_gids|rdma|nvidia-smi)\S*: .*(?:fail|error|cannot|unable|No such))/i;

function nodeOf(name: string | null, { nodes }: DiagnoseInput): FabricNode | null {
  return nodes.find((node) => node.name === name) ?? null;
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
