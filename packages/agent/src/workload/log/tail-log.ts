/** A rank's log for someone who watches: the last lines, then what comes. Secrets are masked before anything leaves the node. */
import type { RunLog } from '../workload.ts';
import { followLines, tailOf } from './log-file.ts';
import { maskSecrets } from './mask.ts';

const LINES_PER_CHUNK = 200;
/** Room for the lines asked for, if they are of usual length. */
const MAX_TAIL_BYTES = 8 * 1024 * 1024;
const BYTES_PER_LINE = 1024;

/** Chunks of at most some 100 KiB; ends after the last lines, or when following, with the run. */
export async function* tailLog(
  { path, secrets, isOver }: RunLog,
  request: { readonly lastLines: number; readonly follow: boolean },
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const toBytes = (lines: readonly string[]): Uint8Array =>
    Buffer.from(lines.map((line) => `${maskSecrets(line, secrets)}\n`).join(''));
  const maxBytes = Math.min(MAX_TAIL_BYTES, (request.lastLines + 64) * BYTES_PER_LINE);
  const { lines, endBytes } = await tailOf(path, request.lastLines, maxBytes);
  for (let at = 0; at < lines.length && !signal.aborted; at += LINES_PER_CHUNK)
    yield toBytes(lines.slice(at, at + LINES_PER_CHUNK));
  if (!request.follow) return;
  for await (const news of followLines(path, endBytes, isOver, signal))
    yield toBytes(news.map(({ text }) => text));
}
