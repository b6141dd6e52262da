/** A folder of logs, one file, or standard input → readings and facts; streamed, so size does not matter. */
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { createLineCutter } from '@dsr1/shared/diagnose/cut-lines';
import { createLogReader, type LogReading } from '@dsr1/shared/diagnose/log-reader';
import { Dsr1Error } from '@dsr1/shared/errors';
import { diagnoseText } from '../text/diagnose.ts';

export interface Material {
  readonly readings: readonly LogReading[];
  /** What is known besides: facts.json of a folder, or the deployment. */
  readonly facts: unknown;
}

const FACTS = 'facts.json';
const MAX_FILES = 1000;

/** @throws NOT_FOUND when nothing is there, CONFIG_INVALID for a facts.json that is no JSON */
export async function readLogs(path: string, stdin: NodeJS.ReadableStream): Promise<Material> {
  if (path === '-') return { readings: [await readStream('-', stdin)], facts: null };
  const found = await stat(path).catch((cause) => {
    throw new Dsr1Error('NOT_FOUND', diagnoseText.nothingAt(path), {
      cause,
      hint: diagnoseText.nothingAtHint,
    });
  });
  if (!found.isDirectory())
    return { readings: [await readStream(path, createReadStream(path))], facts: null };
  const readings: LogReading[] = [];
  for (const file of await filesUnder(path)) {
    const name = relative(path, file).split(sep).join('/');
    if (name !== FACTS) readings.push(await readStream(name, createReadStream(file)));
  }
  return { readings, facts: await readFacts(join(path, FACTS)) };
}

/** Reads text or bytes to its end in constant memory; bytes that are no UTF-8 become marks. */
export async function readStream(
  name: string,
  chunks: AsyncIterable<string | Uint8Array>,
): Promise<LogReading> {
  const reader = createLogReader(name);
  const cutter = createLineCutter(reader.push);
  const decoder = new TextDecoder();
  for await (const chunk of chunks)
    cutter.push(typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }));
  cutter.push(decoder.decode());
  cutter.end();
  return reader.reading();
}

async function filesUnder(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  if (files.length <= MAX_FILES) return files.sort();
  throw new Dsr1Error('INVALID_ARGUMENT', diagnoseText.tooManyFiles(root, MAX_FILES, files.length));
}

async function readFacts(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return 'null';
    throw error;
  });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Dsr1Error('CONFIG_INVALID', diagnoseText.badFacts(path), {
      cause,
      hint: diagnoseText.badFactsHint,
    });
  }
}
