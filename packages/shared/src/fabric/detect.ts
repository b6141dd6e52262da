/**
 * What a pasted text is made of: sections of one tool's output each. A section begins at a prompt, at a banner that
 * names a host, or at a line that only another tool prints; lines that no tool claims stay where they are.
 */
import { linesOf, looksLikeJson, MAX_LINE_LENGTH } from './parse/text.ts';
import { bannerHost, hostLine, promptOf } from './prompt.ts';

export type DumpKind = keyof typeof OPENERS | 'notes';

export interface Section {
  readonly kind: DumpKind;
  /** Host that a prompt or banner named, null when none did. */
  readonly host: string | null;
  readonly lines: readonly string[];
}

/** Sections in order. `hint` is what the first lines are taken for until one of them says otherwise. */
export function splitSections(text: string, hint: DumpKind = 'notes'): Section[] {
  if (hint === 'log') return [{ kind: 'log', host: null, lines: linesOf(text) }];
  let current: { kind: DumpKind; host: string | null; lines: string[] } = {
    kind: hint,
    host: null,
    lines: [],
  };
  const sections: (typeof current)[] = [];
  const open = (kind: DumpKind, host: string | null): void => {
    current = { kind, host, lines: [] };
    sections.push(current);
  };
  open(hint, null);
  for (const line of linesOf(text)) {
    const kind = kindOfLine(line, current.kind);
    const prompt = kind === null ? promptOf(line) : null;
    const told = current.kind === 'env' || current.kind === 'log' ? null : hostLine(line);
    const banner = kind === null && prompt === null ? (bannerHost(line) ?? told) : null;
    if (prompt) {
      const shown = kindOfCommand(prompt.command);
      const host = prompt.host ?? current.host;
      if (shown !== 'sysfs' || current.kind !== 'sysfs' || host !== current.host) {
        open(shown ?? (sections.length === 1 && current.lines.length === 0 ? hint : 'notes'), host);
      }
      if (kindOfLine(prompt.command, 'env') === 'env') open('env', host);
      // A setting that was typed is one; `cat PATH…` names what the values below it are.
      if (current.kind === 'env' || current.kind === 'sysfs') current.lines.push(prompt.command);
    } else if (banner !== null) open(current.lines.length === 0 ? current.kind : hint, banner);
    else {
      // Its header once more: asked again, perhaps on another host.
      const again =
        kind === 'show_gids' && GID_HEADER.test(line) && current.lines.some((own) => GID_HEADER.test(own));
      if (kind !== null && (kind !== current.kind || again)) open(kind, current.host);
      current.lines.push(line);
    }
  }
  return sections.filter((section) => section.lines.some((line) => line.trim() !== ''));
}

/** The tool that prints such a line, asking the one at hand first; null when any could, or none does. */
function kindOfLine(line: string, current: DumpKind): DumpKind | null {
  if (line.trim() === '') return null;
  if (line.length >= MAX_LINE_LENGTH) return looksLikeJson(line) ? 'json' : null;
  if (current !== 'notes' && opens(OPENERS[current], line)) return current;
  for (const [kind, rules] of KINDS) if (opens(rules, line)) return kind;
  return null;
}

function opens(rules: readonly RegExp[], line: string): boolean {
  return rules.some((rule) => rule.test(line));
}

const GID_HEADER = /^\s*DEV\s+PORT\s+INDEX\b/;

const HEX_GID = '[0-9a-fx*]{0,4}(?::[0-9a-fx*]{0,4}){2,7}';

/** Lines that only one tool prints. Order matters where two could claim a line. */
const OPENERS = {
  log: [
    /\bNCCL (INFO|WARN|TRACE|VERSION|ERROR)\b|\bIBV_WC_[A-Z_]+ERR\b|\bNCCL version \d|^Traceback \(most recent|\[c10d\]|^\[rank\d+\]:|^\S+Error: |\bGloo\b.*(fail|error|connect)/i,
  ],
  json: [/^\s*\[\s*(\{|$)/],
  'nvidia-smi-xml': [/^\s*(<\?xml|<!DOCTYPE nvidia_smi_log|<nvidia_smi_log>|<gpu id=)/],
  show_gids: [
    GID_HEADER,
    new RegExp(`^\\s*[A-Za-z][\\w.-]*\\s+\\d{1,2}\\s+\\d{1,5}\\s+${HEX_GID}`, 'i'),
    /n_gids_found=/,
  ],
  ibdev2netdev: [
    /^\s*\S+\s+port\s+\d+\s+(<===|==)>/,
    /^\s*([0-9a-f:.]{7,16}\s+)?\S+ \(.*\bport\s+\d+\s.*(<===|==)>/i,
  ],
  'rdma-link': [/^\s*link \S+\/\d+ .*(state|subnet_prefix)/, /^\s*\d+\/\d+: \S+\/\d+: .*state/],
  ibstat: [/^\s*CA '[^']+'/, /^\s*ibpanic:/],
  ibstatus: [/^\s*Infiniband device '[^']+' port \d+ status:/i],
  ibv_devices: [/^\s*device\s+node GUID/, /^\s{2,}[A-Za-z][\w.-]*\s+[0-9a-f]{16}\s*$/i],
  ibv_devinfo: [/^\s*hca_id:/],
  sysfs: [
    /^(==>\s*)?\S*\/(class|devices)\/(\S*\/)?infiniband\/\S+\/\S/,
    /^(\.\/)?\S*infiniband\/\S+\/ports\/\d/,
  ],
  'ip-rule': [/^\s*\d+:\s+(not )?from \S+ (.* )?lookup /],
  'ip-a': [
    /^\s*(\d+:\s+)?[^\s:<]+:\s*<[A-Z0-9_,-]+>/,
    /^\s*\d+:\s+\S+\s+inet6? /,
    /^\s*inet \S+ .*\bscope\b/,
    /^\S+\s+(UP|DOWN|UNKNOWN|LOWERLAYERDOWN)\s+([0-9a-f.:]+\/\d+|[0-9a-f:]{17}|$)/,
  ],
  'ip-route': [/^(default|[0-9a-f.:]+(\/\d+)?) (via \S+ )?dev \S+/],
  ifconfig: [/^\s*\S+:\s+flags=\d+</, /^\s*\S+\s+Link encap:/],
  interfaces: [/^\s*iface \S+ inet/],
  'topo-m': [
    /^\s*(GPU|NVIDIA) Topology:/,
    /^\s*GPU0\s*GPU1|^\s*GPU0\s+(X|CPU Aff|NIC0|mlx)/,
    /^\s*(GPU|NIC)\d+\s+(X|NV\d+|PIX|PXB|PHB|NODE|SYS)\b/,
    /^\s*NIC Legend:/,
  ],
  'nvidia-smi': [/^\s*\|\s+NVIDIA-SMI \d/, /^\s*\+-{20,}/, /^\s*\|\s+\d+\s+.*\|\s*[0-9A-F]{8}:/],
  'nvidia-smi-query': [
    /^\s*GPU \d+: .* \(UUID: /,
    /^\s*(index|uuid|name|pci\.bus_id)\b.*,.*\b(pci\.bus_id|uuid|memory\.total)\b/,
    /^\s*\d+, .*\b(GPU-[0-9a-f]{8}-|[0-9A-F]{8}:[0-9A-F]{2}:)/i,
  ],
  'pci-numa': [/(^|[\s/])([0-9a-f]{4}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]\b.*numa/i],
  lspci: [/^\s*([0-9a-f]{4}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7] [A-Z][\w /-]*(\[[0-9a-f]{4}\])?: /i],
  'gid-table': [/\b(index|idx)\b.*\bgid\b/i, /^\s*GID\[\s*\d+\]:/],
  ss: [/^\s*(Netid\s+)?State\s+Recv-Q/],
  env: [
    /^\s*(#\s*)?(export|setenv|ENV|-[xe]|--env)\s+[A-Z][A-Z0-9_]+[= ]/,
    /^\s*#?(R?NCCL|GLOO|UCX|NVSHMEM|TP_SOCKET)_[A-Z0-9_]+=/,
  ],
} satisfies Record<string, readonly RegExp[]>;

const KINDS = Object.entries(OPENERS) as [keyof typeof OPENERS, readonly RegExp[]][];

const COMMANDS: readonly (readonly [RegExp, DumpKind])[] = [
  [/^show_gids\b/, 'show_gids'],
  [/^hiroce\d? gids/, 'gid-table'],
  [/^ibdev2netdev\b/, 'ibdev2netdev'],
  [/^rdma (-\S+ )*link\b/, 'rdma-link'],
  [/^ibstatus\b/, 'ibstatus'],
  [/^ibstat\b/, 'ibstat'],
  [/^ibv_devices\b/, 'ibv_devices'],
  [/^ibv_devinfo\b/, 'ibv_devinfo'],
  [/^ip (-\S+ )*(a|ad|addr|address|l|link)\b/, 'ip-a'],
  [/^ip (-\S+ )*(r|ro|route)\b/, 'ip-route'],
  [/^ip (-\S+ )*(ru|rule)\b/, 'ip-rule'],
  [/^ifconfig\b/, 'ifconfig'],
  [/^nvidia-smi topo\b/, 'topo-m'],
  [/^nvidia-smi (-L|--list|--query)/, 'nvidia-smi-query'],
  [/^nvidia-smi .*-x/, 'nvidia-smi-xml'],
  [/^nvidia-smi\b/, 'nvidia-smi'],
  [/^lspci\b/, 'lspci'],
  [/^(cat|grep|find|head|for) .*\/infiniband\b/, 'sysfs'],
  [/^cat \/etc\/network\/interfaces/, 'interfaces'],
  [/^(env|printenv|export)\b/, 'env'],
  [/^ss\b/, 'ss'],
];

function kindOfCommand(command: string): DumpKind | null {
  return COMMANDS.find(([rule]) => rule.test(command))?.[1] ?? null;
}
