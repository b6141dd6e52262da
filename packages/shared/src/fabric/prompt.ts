/** Prompts and typed commands inside pasted text: they say where an output begins, and on which host. */

export interface Prompt {
  /** Host in the prompt, null when it shows none. */
  readonly host: string | null;
  /** What was typed, '' for a bare prompt. */
  readonly command: string;
}

/** `[root@node01 ~]# ip a`, `user@host:~$ ip a`, `$ ip a`, `# ip a`, or a line that is nothing but a known command. */
export function promptOf(line: string): Prompt | null {
  const named =
    /^\s*(?:[([][^)\]\s]{1,40}[)\]]\s*)?\[?[\w.-]{1,40}@([\w.-]{1,80})(?:[:\s][^#$%>]{0,200})?\]?[#$%>](?=\s|\w|$)\s*(.*)$/.exec(
      line,
    );
  if (named) return { host: named[1] ?? null, command: bareCommand(named[2] ?? '') };
  const anonymous = /^\s*(?:\([\w.-]{1,40}\)\s*)?(?:-?\w{0,4}sh(?:-[\d.]{1,8})?)?~?\s?[#$]\s?(\S.*)$/.exec(
    line,
  )?.[1];
  const command = bareCommand(anonymous ?? line);
  const known = anonymous === undefined ? BARE.test(command.trim()) : TOOL.test(command);
  return known ? { host: null, command } : null;
}

/**
 * `=== node1 ===`, `node1 | CHANGED | rc=0 >>` (ansible), `[1] 20:10:11 [SUCCESS] node1` (pssh), and captions: `# Head
 * node:`, `## Node 2 (10.0.0.2)`, `worker node`, `节点 2:`, `机器A的输出如下:`.
 */
export function bannerHost(line: string): string | null {
  const host = BANNERS.map((rule) => rule.exec(line)?.[1]?.trim()).find((name) => name !== undefined);
  return host !== undefined && !TOOL.test(host) ? host : null;
}

const ROLE = '(?:head|master|worker|node|host|server|machine|rank)';
const BANNERS: readonly RegExp[] = [
  /^\s*(?:={2,}|-{2,}|#{2,}|\*{2,})\s*(?:(?:host|node|server)\s*[:=]?\s*)?([A-Za-z][\w.-]{1,62})\s*(?:={2,}|-{2,}|#{2,}|\*{2,}|:)?\s*$/i,
  /^([A-Za-z0-9][\w.-]{1,62}) \| (?:CHANGED|SUCCESS|FAILED)\b.{0,80}>>\s*$/,
  /^\[\d{1,5}\] \d\d:\d\d:\d\d \[(?:SUCCESS|FAILURE)\] (\S{1,62})/,
  new RegExp(`^\\s*#{0,4}\\s*((?:${ROLE}[ _-]?){1,2}\\d{0,4})\\s*(?:\\([^)]{1,40}\\)\\s*)?:\\s*$`, 'i'),
  new RegExp(`^\\s*#{1,4}\\s*((?:${ROLE}[ _-]?){1,2}\\d{0,4})\\s*(?:\\([^)]{1,40}\\)\\s*)?$`, 'i'),
  new RegExp(`^\\s*(${ROLE}[ _-]?(?:${ROLE}[ _-]?\\d{0,4}|\\d{1,4}))\\s*$`, 'i'),
  /^\s*#{0,4}\s*((?:节点|主机|机器|服务器)\s?[\w.-]{1,62})\s?(?:上?的?(?:输出|结果|信息|情况))?(?:如下)?\s*:?\s*$/,
];

/** `HOST=node1`, `Hostname: node1`, as scripts that walk hosts print it. In environments and logs it is one line of many. */
export function hostLine(line: string): string | null {
  return /^\s*(?:host|hostname|node)\s*[=:]\s*([A-Za-z][\w.-]{1,62})\s*$/i.exec(line)?.[1] ?? null;
}

/**
 * `pdsh`, `clush` and log services write the host before every line: `gpu1: mlx5_0 port 1 ==> eth0 (Up)`.
 * Lines by host; null unless every line has such a prefix and each host has two lines or more.
 */
export function linesByHost(lines: readonly string[]): Map<string, string[]> | null {
  const found = new Map<string, string[]>();
  let count = 0;
  for (const line of lines) {
    if (line.trim() === '') continue;
    const [, host, rest] = /^([A-Za-z][\w.-]{1,62}): ?(.*)$/.exec(line) ?? [];
    if (host === undefined || rest === undefined || NO_HOST.test(host) || IN_NCCL_LOG.test(rest)) return null;
    const own = found.get(host) ?? [];
    found.set(host, own);
    own.push(rest);
    count += 1;
  }
  return count > 0 && [...found.values()].every((own) => own.length > 1) ? found : null;
}

/** `gpu1:4711:4712 [0] NCCL …` is NCCL's own prefix (src/debug.cc). */
const IN_NCCL_LOG = /^\d{1,10}:\d{1,10} \[-?\d{1,4}\] /;

/** Words that logs put before a colon. */
const NO_HOST = /(error|warning|warn|exception|info|debug|note|notice)$/i;

/** `Node 1` of a caption, `node01` of a manifest and `node1.cluster.local` of a prompt are one host. */
export function sameHost(a: string, b: string): boolean {
  const plain = (name: string): string =>
    (name.split('.')[0] ?? '')
      .toLowerCase()
      .replace(/节点|主机|机器|服务器/g, 'node')
      .replace(/[\s_-]/g, '')
      .replace(/0+(?=\d)/g, '');
  return plain(a) === plain(b);
}

const TOOL =
  /^(show_gids|hiroce\d?|ibdev2netdev|rdma|ibstat|ibstatus|ibv_devices|ibv_devinfo|ip|ifconfig|nvidia-smi|lspci|ss|netstat|cat|grep|find|head|ls|env|printenv|export|ibping|ib_\w+|ethtool|for)(\s|$)/;
const BARE =
  /^(show_gids|hiroce\d? gids|ibdev2netdev( -v)?|rdma( -\w+)* link( show)?|ibstat|ibstatus|ibv_devices|ibv_devinfo( -v)?|ip( -\w+)* (a|addr|address|r|route|rule|l|link)( show)?|ifconfig( -a)?|nvidia-smi( topo -m| -L)?)$/;

function bareCommand(typed: string): string {
  return typed
    .trim()
    .replace(/^sudo\s+(-\w+\s+)*/, '')
    .replace(/^(?:[\w.~-]*\/)+(?=\w)/, '');
}
