/** What a report gathers of one host while lines pass by. Every collection is bounded. */
import type { LogTransport, NcclError, NcclRank, NcclReport, NetLink } from './model.ts';

/** The state of one host's report. Private to the reader; `report` gives the value that others see. */
export interface HostFacts {
  readonly host: string | null;
  library: NcclReport['library'];
  version: string | null;
  network: string | null;
  provider: string | null;
  devices: string[];
  layers: Set<string>;
  /** The port list so far has no end: its next line may follow. */
  listOpen: boolean;
  oob: { name: string; address: string } | null;
  bootstrap: { name: string; address: string } | null;
  bootstrapLine: NcclReport['bootstrapLine'];
  nicCount: number | null;
  plugin: string | null;
  channels: { direct: number; plain: number; socket: number };
  /** What was said of GPUDirect per port: both when they differ. */
  directSaid: Set<boolean>;
  verbsSeen: boolean;
  socketsChosen: boolean;
  env: Map<string, string>;
  ranks: Map<number, NcclRank>;
  nodeCount: number | null;
  rankOfPid: Map<string, number>;
  netLinks: Map<string, NetLink>;
  errors: NcclError[];
  /** Category, peer, HCA, GPU and wording of each error: ranks that repeat one add nothing. */
  errorKeys: Set<string>;
  errorsDropped: number;
  /** By wording. */
  unknownWarnings: Map<string, { line: string; lineNumber: number }>;
  socketIfnames: string[];
  benign: Set<string>;
}

export function newHostFacts(host: string | null): HostFacts {
  return {
    host,
    library: 'other',
    version: null,
    network: null,
    provider: null,
    devices: [],
    layers: new Set(),
    listOpen: false,
    oob: null,
    bootstrap: null,
    bootstrapLine: null,
    nicCount: null,
    plugin: null,
    channels: { direct: 0, plain: 0, socket: 0 },
    directSaid: new Set(),
    verbsSeen: false,
    socketsChosen: false,
    env: new Map(),
    ranks: new Map(),
    nodeCount: null,
    rankOfPid: new Map(),
    netLinks: new Map(),
    errors: [],
    errorKeys: new Set(),
    errorsDropped: 0,
    unknownWarnings: new Map(),
    socketIfnames: [],
    benign: new Set(),
  };
}

/** Everything of the host so far, as a value. */
export function report(facts: HostFacts): NcclReport {
  const spot = facts.oob ?? facts.bootstrap;
  const transport = transportOf(facts);
  // A job of one rank, or of one host, needs no network: sockets cost it nothing.
  const alone =
    facts.nodeCount === 1 ||
    (facts.nodeCount === null &&
      facts.ranks.size > 0 &&
      [...facts.ranks.values()].every((item) => item.nranks === 1));
  return {
    library: facts.library,
    host: facts.host,
    version: facts.version,
    network: facts.network,
    transport,
    devicesUsed: [...facts.devices],
    oobIfname: spot?.name ?? null,
    oobAddress: spot?.address ?? null,
    bootstrapLine: facts.bootstrapLine,
    nicCount: facts.nicCount ?? (facts.devices.length > 0 ? facts.devices.length : null),
    gdr: gdrOf(facts),
    plugin: facts.plugin,
    env: Object.fromEntries(facts.env),
    ranks: [...facts.ranks.values()].sort((a, b) => a.rank - b.rank),
    nodeCount: facts.nodeCount,
    netLinks: [...facts.netLinks.values()],
    errors: facts.errors.filter(
      (error) => !isSuperseded(error, transport) && !(alone && error.category === 'tcp-fallback'),
    ),
    errorsDropped: facts.errorsDropped,
    unknownWarnings: [...facts.unknownWarnings.values()],
    socketIfnames: facts.socketIfnames,
    benign: [...facts.benign],
  };
}

/** NCCL's own verbs transport finding no device means nothing when a plugin carries the traffic. */
function isSuperseded({ category, line }: NcclError, transport: LogTransport): boolean {
  return (
    category === 'no-rdma-device-in-container' &&
    /NET\/IB/.test(line) &&
    ['efa', 'cxi', 'ucx'].includes(transport)
  );
}

/** The first of these that applies: what was chosen outranks what was merely found. */
function transportOf(facts: HostFacts): LogTransport {
  const { network, provider, layers, channels } = facts;
  if (
    network === null &&
    provider === null &&
    layers.size === 0 &&
    !facts.verbsSeen &&
    channels.socket === 0 &&
    facts.errors.some(endsInit)
  )
    return 'failed';
  if (
    network?.endsWith('Socket') ||
    channels.socket > 0 ||
    (provider !== null && /^(tcp|sockets|udp)/.test(provider))
  )
    return 'socket';
  if (provider?.startsWith('efa')) return 'efa';
  if (provider?.startsWith('cxi')) return 'cxi';
  if (network === 'UCX') return 'ucx';
  if (layers.has('ib')) return 'ib';
  if (layers.has('roce')) return 'roce';
  if (facts.verbsSeen || network?.startsWith('IB')) return 'verbs';
  return 'unknown';
}

function endsInit(error: NcclError): boolean {
  const early = [
    'no-socket-interface',
    'ifname-syntax',
    'wrong-interface',
    'loopback-used',
    'firewall-or-route',
    'version-mismatch',
    'gpu-visibility',
    'plugin-missing',
    'no-rdma-device-in-container',
    'verbs-library-missing',
  ];
  return early.includes(error.category) && !/NCCL INFO/.test(error.line);
}

function gdrOf({ channels, directSaid }: HostFacts): boolean | null {
  if (channels.direct + channels.plain === 0) return directSaid.size === 1 ? directSaid.has(true) : null;
  if (channels.direct > 0 && channels.plain > 0) return null;
  return channels.direct > 0;
}
