/** Reading log files that other processes write: from the end, and as they grow. Memory is bounded, whatever the lines are. */
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Line, lineSplitter } from './lines.ts';

const CHUNK_BYTES = 64 * 1024;
const POLL_MS = 200;

/** The last `count` lines, from at most the last `maxBytes` of the file, and where it ended; nothing when there is no file. */
export async function tailOf(
  path: string,
  count: number,
  maxBytes = CHUNK_BYTES,
): Promise<{ readonly lines: readonly string[]; readonly endBytes: number }> {
  const file = await openIfThere(path);
  if (file === null) return { lines: [], endBytes: 0 };
  try {
    const { size } = await file.stat();
    const length = Math.min(size, maxBytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    const splitter = lineSplitter();
    const whole = splitter.push(buffer.subarray(0, bytesRead)).map(({ text }) => text);
    const lines = [...whole, splitter.rest()].filter((line) => line !== '');
    return { lines: count === 0 ? [] : lines.slice(-count), endBytes: size };
  } finally {
    await file.close();
  }
}

/**
 * Batches of lines from byte `from` on (line 1), as the file grows, until `signal` aborts; `isOver` is asked when nothing
 * new is there: true ends the following. A file that does not exist yet is waited for. `pause` is the wait between two looks.
 */
export async function* followLines(
  path: string,
  from: number,
  isOver: () => boolean,
  signal: AbortSignal,
  pause = (): Promise<unknown> => sleep(POLL_MS, undefined, { signal }),
): AsyncGenerator<readonly Line[]> {
  const splitter = lineSplitter();
  const chunk = Buffer.alloc(CHUNK_BYTES);
  let file: FileHandle | null = null;
  let position = from;
  try {
    while (!signal.aborted) {
      const over = isOver();
      file ??= await openIfThere(path);
      const bytesRead = file === null ? 0 : (await file.read(chunk, 0, CHUNK_BYTES, position)).bytesRead;
      position += bytesRead;
      const lines = splitter.push(chunk.subarray(0, bytesRead));
      if (lines.length > 0) yield lines;
      if (bytesRead === 0 && over) return;
      if (bytesRead < CHUNK_BYTES) await pause().catch(() => {});
    }
  } finally {
    await file?.close();
  }
}

async function openIfThere(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
