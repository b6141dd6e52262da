/** A folder of logs, one file, a bundle, or standard input → readings and facts; logs are streamed, so size does not matter. */
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { addAbortSignal, Readable } from 'node:stream';
import { readLines } from '@dsr1/shared/diagnose/attempt';
import { createLineCutter } from '@dsr1/shared/diagnose/cut-lines';
import { createLogReader, type LogReading } from '@dsr1/shared/diagnose/log-reader';
import { Dsr1Error } from '@dsr1/shared/errors';
import { DEPLOYMENT_FILE, logFiles, MANIFEST_FILE } from '@dsr1/shared/fabric/collect/bundle';
import { DumpManifest } from '@dsr1/shared/fabric/dump';
import { decode } from '@dsr1/shared/schema';
import { openFile, openPipe, refuse, sourceKind } from '../fabric/read-bytes.ts';
import { type Given, readBundle } from '../fabric/read-dump.ts';
import { diagnoseText } from '../text/diagnose.ts';
import { HEAD_LINES } from './no-log.ts';

export interface Material {
  readonly readings: readonly LogReading[];
  /** What is known besides: facts.json of a folder, or the deployment. */
  readonly facts: unknown;
  /** How each text begins that nobody called a log. */
  readonly heads?: readonly (readonly string[])[];
}

const MAX_FILES = 1000;

/** @throws NOT_FOUND, FORBIDDEN or INVALID_ARGUMENT for what cannot be read, CONFIG_INVALID for a facts.json that is no JSON */
export async function readLogs(path: string, { stdin, interrupted }: Given): Promise<Material> {
  const alone = async (name: string, chunks: AsyncIterable<string | Uint8Array>): Promise<Material> => {
    const head: string[] = [];
    return { readings: [await readStream(name, chunks, head)], facts: null, heads: [head] };
  };
  if (path === '-')
    return alone(path, stdin instanceof Readable ? addAbortSignal(interrupted, stdin) : stdin);
  switch (await sourceKind(path)) {
    case 'pipe':
      return alone('-', await openPipe(path, interrupted));
    case 'file': {
      const bundle = await readBundle(path);
      return bundle === null ? alone(path, await fileStream(path)) : readTexts(bundle, path);
    }
    case 'folder':
      return readFolder(path);
  }
}

async function readFolder(path: string): Promise<Material> {
  const manifest = await readIfThere(join(path, MANIFEST_FILE));
  const logs = manifest === null ? null : new Set(logsOf(manifest, join(path, MANIFEST_FILE)));
  const readings: LogReading[] = [];
  const heads: string[][] = [];
  for (const file of await filesUnder(path)) {
    const name = relative(path, file).split(sep).join('/');
    if (!(logs?.has(name) ?? name !== DEPLOYMENT_FILE)) continue;
    const head: string[] = [];
    readings.push(await readStream(name, await fileStream(file), head));
    if (logs === null) heads.push(head);
  }
  const factsPath = join(path, DEPLOYMENT_FILE);
  return { readings, facts: parseFacts(await readIfThere(factsPath), factsPath), heads };
}

/** A bundle of `fabric collect`: its logs, and what the coordinator knows of the deployment. */
function readTexts(texts: ReadonlyMap<string, string>, path: string): Material {
  const manifest = texts.get(MANIFEST_FILE);
  const logs = manifest === undefined ? [...texts.keys()] : logsOf(manifest, `${path}: ${MANIFEST_FILE}`);
  return {
    readings: logs.flatMap((name) => {
      const text = texts.get(name);
      return text === undefined || name === DEPLOYMENT_FILE ? [] : [readLines(name, [text])];
    }),
    facts: parseFacts(texts.get(DEPLOYMENT_FILE) ?? null, `${path}: ${DEPLOYMENT_FILE}`),
  };
}

/** Reads text or bytes to its end in constant memory; bytes that are no UTF-8 become marks. `head` takes the first lines. */
export async function readStream(
  name: string,
  chunks: AsyncIterable<string | Uint8Array>,
  head: string[] = [],
): Promise<LogReading> {
  const reader = createLogReader(name);
  const cutter = createLineCutter((line, number) => {
    if (head.length < HEAD_LINES) head.push(line);
    reader.push(line, number);
  });
  const decoder = new TextDecoder();
  for await (const chunk of chunks)
    cutter.push(typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }));
  cutter.push(decoder.decode());
  cutter.end();
  return reader.reading();
}

async function fileStream(path: string): Promise<Readable> {
  return (await openFile(path)).createReadStream();
}

async function filesUnder(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch((error) =>
    refuse(error.path ?? root, error),
  );
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  if (files.length <= MAX_FILES) return files.sort();
  throw new Dsr1Error('INVALID_ARGUMENT', diagnoseText.tooManyFiles(root, MAX_FILES, files.length));
}

async function readIfThere(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
}

function logsOf(manifest: string, what: string): string[] {
  const options = { what, code: 'CONFIG_INVALID', hint: diagnoseText.badFactsHint } as const;
  return logFiles(decode(DumpManifest, parseFacts(manifest, what), options));
}

function parseFacts(text: string | null, what: string): unknown {
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Dsr1Error('CONFIG_INVALID', diagnoseText.badFacts(what), {
      cause,
      hint: diagnoseText.badFactsHint,
    });
  }
}
