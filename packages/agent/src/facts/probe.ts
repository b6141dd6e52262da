/** What every probe is made of: its answer, and the time limit around it. */
import type { Probe } from '@dsr1/shared/facts/nullable';
import type { Host, ToolAnswer } from '../host/host.ts';

export const detected = <T>(source: string, value: T): Probe<T> => ({ detected: true, source, value });

export const undetected = (reason: string): Probe<never> => ({ detected: false, reason });

/**
 * The probe's answer; when it waits longer than `limitMs`, or fails, the reason for having none. Never rejects.
 * Only time in which this process waits counts: on a slow or crowded host, reading itself may take seconds.
 */
export async function limited<T>(limitMs: number, probe: () => Promise<Probe<T>>): Promise<Probe<T>> {
  const { promise: late, resolve } = Promise.withResolvers<Probe<T>>();
  const begin = performance.eventLoopUtilization();
  const look = (): void => {
    const waitedMs = performance.eventLoopUtilization(begin).idle;
    if (waitedMs >= limitMs * ENOUGH) resolve(undetected(`no answer within ${limitMs} ms`));
    else timer = setTimeout(look, limitMs - waitedMs);
  };
  let timer = setTimeout(look, limitMs);
  try {
    return await Promise.race([probe(), late]);
  } catch (error) {
    return undetected(`the probe failed: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    clearTimeout(timer);
  }
}

/** A timer may be some microseconds early, and handling it takes some. */
const ENOUGH = 0.9;

/** Trimmed text of a file; null when there is none. */
export async function readLine(host: Host, path: string): Promise<string | null> {
  return (await host.readText(path))?.trim() || null;
}

/** A number in a file (`0x1003` too); null when there is none. */
export async function readNumber(host: Host, path: string): Promise<number | null> {
  return numberIn(await host.readText(path));
}

export function numberIn(text: string | null): number | null {
  const value = Number(text?.trim() || Number.NaN);
  return Number.isFinite(value) ? value : null;
}

/** NUMA node of a device folder; the kernel's -1 ("none") is null. */
export async function readNumaNode(host: Host, devicePath: string): Promise<number | null> {
  const node = await readNumber(host, `${devicePath}/numa_node`);
  return node === null || node < 0 ? null : node;
}

/** Rows that a tool printed. A tool that fails, or prints nothing its parser knows, has none: the reason says which. */
export function rowsOf<Row>(
  tool: string,
  answer: ToolAnswer,
  parse: (text: string) => { readonly rows: readonly Row[]; readonly unknown: readonly string[] },
): Probe<readonly Row[]> {
  if (!answer.answered) return undetected(`${tool}: ${answer.reason}`);
  const { rows, unknown } = parse(answer.stdout);
  if (rows.length > 0) return detected(tool, rows);
  if (answer.exitCode !== 0)
    return undetected(`${tool}: exit status ${answer.exitCode}${quoted(answer.stderr)}`);
  const nothing = unknown.every((line) => EMPTY_JSON.test(line));
  return nothing
    ? detected(tool, [])
    : undetected(`${tool}: printed what is not its format${quoted(unknown[0])}`);
}

const EMPTY_JSON = /^\s*\[\s*\]\s*$/;

function quoted(text: string | undefined): string {
  const line = text
    ?.trim()
    .split('\n', 1)[0]
    ?.replace(/[^\x20-\x7e]/g, '?')
    .slice(0, 80);
  return line ? `: "${line}"` : '';
}
