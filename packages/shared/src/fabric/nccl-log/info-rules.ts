/** Lines that state a fact, and where the fact goes. Wordings: NVIDIA/nccl 2.14 to 2.30, RCCL, aws-ofi-nccl. */
import type { HostFacts } from './facts.ts';
import type { LogRecord } from './line.ts';

/** Takes what the record states into the host's facts. */
export function takeFacts(facts: HostFacts, record: LogRecord, lineNumber: number): void {
  if (facts.listOpen && isPortList(record.text)) takePorts(facts, record.text);
  else facts.listOpen = false;
  for (const [words, take] of rules) if (record.text.includes(words)) take(facts, record, lineNumber);
}

/** `[3]mlx5_3:1/IB [4]…`: the rest of a port list that was wrapped. */
export function isPortList(text: string): boolean {
  return /^\s*\[\d{1,3}\] ?[\w.+-]+:\d{1,3}(?::\d+)*\/(?:IB|RoCE)\b/.test(text);
}

/** Takes a channel line, the most frequent kind; false when the record is none. */
export function takeChannel(facts: HostFacts, record: LogRecord, lineNumber: number): boolean {
  if (!record.text.includes(' via NET/')) return false;
  channel(facts, record, lineNumber);
  return true;
}

const limits = { env: 256, ranks: 4096, links: 4096, devices: 256 };

type Take = (facts: HostFacts, record: LogRecord, lineNumber: number) => void;

/** [words that the line must hold, what to do with it]. */
const rules: readonly (readonly [string, Take])[] = [
  ['CCL version', version],
  ['Using network ', (facts, { text }) => set(facts, 'network', /Using network (\S.*?)\s*$/.exec(text)?.[1])],
  ['NET/IB ', verbs],
  ['NET/IB:', verbs],
  ['Bootstrap', bootstrap],
  ['NET/Socket : Using', sockets],
  ['NET/OFI', provider],
  ['set by environment to', variable],
  ['NCCL_IB_HCA set to', variable],
  ['NCCL_SOCKET_IFNAME set to', variable],
  [
    'oaded net plugin',
    (facts, { text }) => set(facts, 'plugin', /oaded net plugin (.+?)\s*$/.exec(text)?.[1]),
  ],
  [
    'P2P plugin ',
    (facts, { text }) => set(facts, 'plugin', facts.plugin ?? /P2P plugin (\S+)/.exec(text)?.[1]),
  ],
  [
    'nitialized NET plugin ',
    (facts, { text }) =>
      set(facts, 'plugin', facts.plugin ?? external(/nitialized NET plugin (\S+)/.exec(text)?.[1])),
  ],
  [
    'IBV_WC_',
    (facts) => {
      facts.verbsSeen = true;
    },
  ],
  ['GPU Direct RDMA ', direct],
  [' rank ', rank],
  [' nNodes ', nodes],
];

function version(facts: HostFacts, { text }: LogRecord): void {
  const match = /\b([NR]CCL) version(?: ?: ?| )(\d+\.\d+\.\d+)/.exec(text);
  if (match === null) return;
  facts.version ??= match[2] ?? null;
  facts.library = match[1] === 'RCCL' ? 'rccl' : facts.library === 'rccl' ? 'rccl' : 'nccl';
}

function verbs(facts: HostFacts, { text }: LogRecord): void {
  if (/NET\/IB ?: Using /.test(text)) {
    facts.listOpen = facts.devices.length === 0;
    if (facts.listOpen) takePorts(facts, text);
    return;
  }
  if (/Got completion|GPU Direct RDMA|async (?:fatal )?event/.test(text)) facts.verbsSeen = true;
}

/** `[0]mlx5_0:1/IB [1]mlx5_1:1/IB … [RO]; OOB eth0:10.0.0.1<0>`, whole or one line of it where it was wrapped. */
function takePorts(facts: HostFacts, text: string): void {
  for (const [, device, port, layer] of text.matchAll(/\[\d+\] ?([A-Za-z][\w.+-]*):(\d+)(?::\d+)*\/(\w+)/g)) {
    if (facts.devices.length < limits.devices) facts.devices.push(`${device}:${port}`);
    facts.layers.add(/^roce/i.test(layer ?? '') ? 'roce' : 'ib');
  }
  facts.oob ??= interfaceIn(/; OOB (\S+)/.exec(text)?.[1]);
  if (text.includes('; OOB')) facts.listOpen = false;
}

function bootstrap(facts: HostFacts, { text }: LogRecord, lineNumber: number): void {
  const spot = interfaceIn(/Bootstrap ?: Using (?:\[0\])?(\S+)/.exec(text)?.[1]);
  if (spot === null) return;
  facts.bootstrap ??= spot;
  facts.bootstrapLine ??= { line: text.trim(), lineNumber };
}

function sockets(facts: HostFacts, { text }: LogRecord): void {
  const listed = [...text.matchAll(/\[\d{1,3}\]([A-Za-z][\w.-]*:\S+)/g)].flatMap(
    ([, spot]) => interfaceIn(spot) ?? [],
  );
  facts.bootstrap ??= listed[0] ?? null;
  if (facts.socketIfnames.length === 0)
    facts.socketIfnames = listed.map(({ name }) => name).slice(0, limits.devices);
}

function provider(facts: HostFacts, { text }: LogRecord): void {
  const match = /Selected [Pp]rovider is ([\w-]+)/.exec(text);
  if (match === null) return;
  facts.provider = match[1] ?? null;
  const count = /found (\d+) nics/i.exec(text)?.[1];
  facts.nicCount = count === undefined ? facts.nicCount : Number(count);
}

function variable(facts: HostFacts, { text }: LogRecord): void {
  const match = /\b([NR]CCL_[A-Z0-9_]+) (?:set by environment|set) to (\S*?)\.?\s*$/.exec(text);
  const [, name, value] = match ?? [];
  if (name === undefined || value === undefined || facts.env.size >= limits.env) return;
  facts.env.set(name, value);
  if ((name === 'NCCL_IB_DISABLE' && value === '1') || (name === 'NCCL_NET' && value === 'Socket'))
    facts.socketsChosen = true;
}

function channel(facts: HostFacts, { text }: LogRecord, lineNumber: number): void {
  const match =
    /: \d+(?:\[([0-9a-f]+)\])? -> \d+(?:\[([0-9a-f]+)\])?.* via NET\/([^/]{1,40})(?:\/(\d+)(\S*))?/.exec(
      text,
    );
  if (match === null) return;
  const [, from = '', to = '', net = '', device, rest = ''] = match;
  if (/Socket\s*$/.test(net)) facts.channels.socket++;
  else {
    facts.verbsSeen ||= net.startsWith('IB');
    if (rest.includes('GDRDMA')) facts.channels.direct++;
    else facts.channels.plain++;
  }
  const key = `${from}>${to}`;
  if (!isGpu(from) || !isGpu(to) || facts.netLinks.has(key) || facts.netLinks.size >= limits.links) return;
  facts.netLinks.set(key, {
    fromGpu: Number(from),
    toGpu: Number(to),
    device: device === undefined ? null : Number(device),
    line: text.trim(),
    lineNumber,
  });
}

/** Before 2.15 NCCL printed the bus address in the brackets (`3[cb000]`), and before 2.6 nothing. */
function isGpu(text: string): boolean {
  return /^\d{1,2}$/.test(text);
}

function direct(facts: HostFacts, { text }: LogRecord): void {
  const said = /GPU Direct RDMA (Enabled|Disabled)/.exec(text)?.[1];
  if (said !== undefined) facts.directSaid.add(said === 'Enabled');
}

function rank(facts: HostFacts, { text, gpu, pid }: LogRecord): void {
  const match = /\brank (\d+) n[rR]anks (\d+)/.exec(text);
  if (match === null) return;
  const number = Number(match[1]);
  const known = facts.ranks.get(number);
  if (known === undefined && facts.ranks.size >= limits.ranks) return;
  facts.ranks.set(number, {
    rank: number,
    gpu: known?.gpu ?? Number(/cudaDev (\d+)/.exec(text)?.[1] ?? gpu ?? Number.NaN),
    nranks: Math.max(known?.nranks ?? 0, Number(match[2])),
    started: (known?.started ?? false) || text.includes('Init START'),
    completed: (known?.completed ?? false) || text.includes('Init COMPLETE'),
  });
  if (pid !== null) facts.rankOfPid.set(pid, number);
}

function nodes(facts: HostFacts, { text }: LogRecord): void {
  const count = Number(/\bnNodes (\d{1,6})\b/.exec(text)?.[1] ?? 0);
  if (count > 0) facts.nodeCount = Math.max(facts.nodeCount ?? 0, count);
}

/** `eth0:10.0.0.1<0>`, also with an IPv6 address or a masked one. */
function interfaceIn(text: string | undefined): { name: string; address: string } | null {
  const match = /^([^:\s]+):(.*?)(?:<\d*>?)?$/.exec(text ?? '');
  return match === null ? null : { name: match[1] ?? '', address: (match[2] ?? '').replace(/%.*$/, '') };
}

/** NCCL's own transports are no plugin. */
function external(name: string | undefined): string | undefined {
  return name === 'IB' || name === 'Socket' ? undefined : name;
}

function set(facts: HostFacts, field: 'network' | 'plugin', value: string | null | undefined): void {
  if (value !== undefined && value !== null) facts[field] = value;
}
