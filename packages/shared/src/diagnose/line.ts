/** One line of a log: who says it, when, how loud, and what. Prefixes of engines, Ray, PyTorch, containers and journals. */

export interface LogLine {
  /** Without prefixes and colours. */
  readonly text: string;
  /** `Worker_TP3`, `TP5`, `rank8`, `RayWorkerWrapper`: the innermost that the line names. */
  readonly who: string | null;
  /** Seconds since the start of the year as the line writes it, null when it carries no date; only for comparing. */
  readonly seconds: number | null;
  /** What the program itself calls it; null when it does not say. */
  readonly level: 'info' | 'warning' | 'error' | null;
}

/** Longer lines never match more: patterns see this many characters. */
const MAX_TEXT = 4096;
const MAX_PREFIXES = 12;

/** Without colours and control characters, which a terminal would obey. */
export function printable(raw: string): string {
  return raw.replace(escapes, '').replace(controls, '');
}

export function readLine(raw: string): LogLine {
  let text = printable(unwrapped(raw).slice(0, MAX_TEXT));
  let who: string | null = null;
  let seconds: number | null = null;
  let level: LogLine['level'] = null;
  for (let count = 0; count < MAX_PREFIXES; count++) {
    const prefix = prefixes.find((each) => each.test(text));
    const found = prefix?.exec(text);
    if (!found) break;
    const groups = found.groups ?? {};
    who = groups.who ?? who;
    seconds ??= secondsOf(groups);
    level ??= levelOf(groups.level);
    text = text.slice(found[0].length);
  }
  return { text, who, seconds, level };
}

const escapes = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*[A-Za-z]`, 'g');
const controls = /[^\P{Cc}\t]/gu;
const clock = '(?<h>\\d\\d):(?<m>\\d\\d):(?<s>\\d\\d(?:[.,]\\d+)?)';
const loudness = '(?<level>INFO|WARN(?:ING)?|ERROR|DEBUG|CRITICAL|FATAL|TRACE)';

/** Each is anchored and eats one prefix; they are tried again until none fits. */
const prefixes: readonly RegExp[] = [
  // (Worker_TP3 pid=110), (RayWorkerWrapper pid=7106, ip=10.0.0.2), (autoscaler +13s), (raylet), ESC colours gone
  /^\((?<who>[A-Za-z_][\w ./:=-]{0,60}?)(?: rank=\d+)?(?:,? (?:pid=\d+|\+[\dhms]+))?(?:, ?ip=[\w.:]+)?\) /,
  // [rank8]: [TP3] [DP0 TP1] [default0]:
  /^\[(?<who>rank ?\d+|(?:default)?\d+|(?:(?:TP|DP|PP|EP)\d+ ?)+)\]:? ?/,
  // 14:08:56.877
  /^\d\d:\d\d:\d\d\.\d+ (?=\S)/,
  // [2025-04-21 04:13:43 TP3] 2025-03-03 22:56:06,173 2025-11-05T01:56:54.28Z [2025-07-23 10:05:49,679 W 51000 51000]
  new RegExp(
    `^\\[?\\d{4}-(?<mo>\\d\\d)-(?<d>\\d\\d)[T ]${clock}(?:Z|[+-]\\d\\d:?\\d\\d)?(?: (?<level>[IWEFCD])(?: \\d+){1,2})?(?: (?<who>(?:(?:TP|DP|PP|EP)\\d+ ?)+))?\\]? ?`,
  ),
  // INFO 03-26 05:25:01 [core.py:1202]   ERROR 01-30 16:32:24 engine.py:387]
  new RegExp(`^${loudness} (?<mo>\\d\\d)-(?<d>\\d\\d) ${clock} \\[?[\\w./]+:\\d+\\] ?`),
  // [E421 04:13:43.426633564 ProcessGroupGloo.cpp:143] and the same with four digits
  new RegExp(`^\\[(?<level>[IWEFC])(?<mo>\\d{1,2}?)(?<d>\\d\\d) ${clock} [\\w./]+:\\d+\\] ?`),
  // E0509 01:00:02.982000 668759 subproc_pool.py:321]
  new RegExp(`^(?<level>[IWEFC])(?<mo>\\d\\d)(?<d>\\d\\d) ${clock} +\\d+ [\\w./]+:\\d+\\] ?`),
  // INFO worker.py:1636 --
  new RegExp(`^${loudness}:? +[\\w./]+:\\d+ -- `),
  // INFO:  ERROR:  WARNING -   [ERROR]
  new RegExp(`^\\[?${loudness}\\]?(?::| -|(?<=\\])) +`),
  // logger name :  "| ERROR | stderr | "  "    | " of exception groups, "engine-1  | " of docker compose
  new RegExp(`^(?:[\\w.-]{1,60} +| +)?\\| (?:${loudness} +\\| )?`),
  // Aug 12 11:27:28 host unit[123]:
  new RegExp(
    `^(?:[A-Z][a-z]{2} )?(?<mon>[A-Z][a-z]{2}) +(?<d>\\d{1,2}) ${clock} [\\w.-]+ [\\w./@-]+(?:\\[\\d+\\])?: `,
  ),
  // [74785.660366] of dmesg, [Wed Aug 12 11:27:28 2026] of dmesg -T
  /^\[ *\d+\.\d{3,6}\] /,
  new RegExp(`^\\[[A-Z][a-z]{2} (?<mon>[A-Z][a-z]{2}) +(?<d>\\d{1,2}) ${clock} \\d{4}\\] `),
  // [pod/vllm-0/engine]
  /^\[pod\/(?<who>[\w./-]+)\] /,
  // stderr F of the container runtime interface, [1,0]<stderr>: of mpirun, 3: of srun, worker-1: of a launcher
  /^std(?:out|err) [FP] /,
  /^\[\d+,\d+\]<std(?:out|err)>:? ?/,
  /^\d{1,4}: (?=\S)/,
  /^(?<who>[a-z][a-z\d-]{0,60}\d): (?=\S)/,
  // [12-11 17:52:54], and "- module - ERROR - " behind a time
  new RegExp(`^\\[(?<mo>\\d\\d)-(?<d>\\d\\d) ${clock}\\] ?`),
  new RegExp(`^(?:- )?(?:[\\w.]{1,80} - )?${loudness} - `),
  // time="…" level=error msg="…"
  /^time="?[^" ]{1,40}"? level=(?<level>\w{1,10}) (?:msg=")?/,
  // host:123:456 [0] of NCCL
  /^(?<who>[\w.-]{1,253}):\d+:\d+ \[-?\d+\] (?=\S)/,
];

const months = 'JanFebMarAprMayJunJulAugSepOctNovDec';

function secondsOf({ mo, mon, d, h, m, s }: Record<string, string | undefined>): number | null {
  if (h === undefined || m === undefined || s === undefined) return null;
  const month = mon === undefined ? Number(mo) : months.indexOf(mon) / 3 + 1;
  const days = month * 31 + Number(d);
  return ((days * 24 + Number(h)) * 60 + Number(m)) * 60 + Number(s.replace(',', '.'));
}

function levelOf(word: string | undefined): LogLine['level'] {
  if (word === undefined) return null;
  if (/^(?:INFO|DEBUG|TRACE|[ID])$/i.test(word)) return 'info';
  return /^W/i.test(word) ? 'warning' : 'error';
}

/** The message of a line that a collector wrote as JSON: docker's json-file driver, structured loggers. */
function unwrapped(raw: string): string {
  if (!raw.startsWith('{"')) return raw;
  try {
    const { log, message, msg } = JSON.parse(raw);
    return [log, message, msg].find((each) => typeof each === 'string') ?? raw;
  } catch {
    return raw;
  }
}
