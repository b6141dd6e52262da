/** perftest and libibverbs' own ping-pong as argv and figures. */
import type { CheckEnd, VerbsTool } from '@dsr1/shared/fabric/check/model';
import type { Host, ToolAnswer } from '../host/host.ts';

/** A test takes about two seconds, and a lost packet is given up after one to four. */
export const VERBS_LIMIT_MS = 15_000;
/** A tool starts to listen once it has opened the device. */
const LISTEN_LIMIT_MS = 8_000;
const LISTEN_LOOK_MS = 50;

type Argv = readonly [string, ...string[]];

export function serverArgv(tool: VerbsTool, { device, port, gidIndex }: CheckEnd, tcpPort: number): Argv {
  const at = ['-d', device ?? '', '-i', String(port), '-p', String(tcpPort)];
  const row = gidIndex === null ? [] : [tool === 'ibv_rc_pingpong' ? '-g' : '-x', String(gidIndex)];
  switch (tool) {
    case 'ib_write_bw':
      // -F: no warning about CPU frequencies; -D: seconds.
      return [tool, ...at, ...row, '-F', '-D', '1'];
    case 'ib_send_lat':
      return [tool, ...at, ...row, '-F', '-n', '100'];
    case 'ibv_rc_pingpong':
      return [tool, ...at, ...row, '-s', '65536', '-n', '100'];
  }
}

/** `peer` is the control address on which the server exchanges its connection. */
export const clientArgv = (tool: VerbsTool, end: CheckEnd, tcpPort: number, peer: string): Argv => [
  ...serverArgv(tool, end, tcpPort),
  peer,
];

/** null once something listens on the port; else why nothing does. */
export async function awaitListening(
  host: Host,
  port: number,
  ended: Promise<ToolAnswer>,
): Promise<string | null> {
  const over = ended.then(lastWords);
  const deadline = performance.now() + LISTEN_LIMIT_MS;
  while (performance.now() < deadline) {
    if (await isListening(host, port)) return null;
    const early = await Promise.race([over, later(LISTEN_LOOK_MS)]);
    if (early !== null) return early;
  }
  return `nothing listens on port ${port} after ${LISTEN_LIMIT_MS} ms`;
}

/** What a failed test said at last. */
export function lastWords(answer: ToolAnswer): string {
  if (!answer.answered) return answer.reason;
  const lines = `${answer.stdout}\n${answer.stderr}`.split('\n').map((line) => line.trim());
  const said = lines.filter((line) => /fail|error|unable|couldn't|can't|timed? ?out|status/i.test(line));
  return said.at(-1) ?? lines.filter(Boolean).at(-1) ?? `exit status ${answer.exitCode}`;
}

export interface VerbsFigures {
  readonly gigabitsPerSecond: number | null;
  readonly microseconds: number | null;
}

/** Figures of a run that went well; null when its output holds none, so it did not. */
export function readFigures(tool: VerbsTool, stdout: string): VerbsFigures | null {
  switch (tool) {
    case 'ib_write_bw': {
      // #bytes #iterations peak[MB/sec] average[MB/sec] message-rate; a MB is 2^20 bytes. No iteration: nothing was
      // acknowledged. A rate of 0 with iterations: it could not measure the clock of a crowded processor.
      const row = /^\s*\d+\s+(\d+)\s+[\d.]+\s+([\d.]+)\s+[\d.]+\s*$/m.exec(stdout);
      if (row === null || Number(row[1]) === 0) return null;
      const megabytes = Number(row[2]);
      const gigabitsPerSecond = megabytes === 0 ? null : (megabytes * 8 * 2 ** 20) / 1e9;
      return { gigabitsPerSecond, microseconds: null };
    }
    case 'ib_send_lat': {
      // #bytes #iterations min max typical average deviation 99% 99.9%
      const typical = /^\s*\d+\s+\d+\s+[\d.]+\s+[\d.]+\s+([\d.]+)(?:\s+[\d.]+){4}\s*$/m.exec(stdout)?.[1];
      return typical === undefined ? null : { gigabitsPerSecond: null, microseconds: Number(typical) };
    }
    case 'ibv_rc_pingpong': {
      const rate = /=\s*([\d.]+) Mbit\/sec/.exec(stdout)?.[1];
      const time = /=\s*([\d.]+) usec\/iter/.exec(stdout)?.[1];
      if (rate === undefined) return null;
      return {
        gigabitsPerSecond: Number(rate) / 1000,
        microseconds: time === undefined ? null : Number(time) / 2,
      };
    }
  }
}

/** Sockets of both families: state 0A listens (Documentation/networking/proc_net_tcp.rst). */
async function isListening(host: Host, port: number): Promise<boolean> {
  const row = new RegExp(`:${port.toString(16).toUpperCase().padStart(4, '0')} [0-9A-F]+:0000 0A `);
  const tables = await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map((path) => host.readText(path)));
  return tables.some((table) => table !== null && row.test(table));
}

const later = (ms: number): Promise<null> => new Promise((resolve) => setTimeout(resolve, ms, null));
