/** A folder or bundle of dumps, one file, a pipe, or standard input → texts and, where there is one, the manifest beside them. */
import { readdir } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Dsr1Error } from '@dsr1/shared/errors';
import { MANIFEST_FILE } from '@dsr1/shared/fabric/collect/bundle';
import { DumpManifest, type FabricDump, readManifestDump, readTexts } from '@dsr1/shared/fabric/dump';
import { decode } from '@dsr1/shared/schema';
import { fabricText } from '../text/fabric.ts';
import { openFile, openPipe, readAll, refuse, sourceKind } from './read-bytes.ts';
import { isGzip, unpackTexts } from './tar.ts';

const MAX_FILES = 10_000;
const MAX_FILE_BYTES = 256 * 1024 * 1024;
const MAX_UNPACKED_BYTES = 1024 * 1024 * 1024;

/** What was given, by path inside of it: a lone file is its name, whatever the path to it. */
export interface Sources {
  readonly texts: ReadonlyMap<string, string>;
  /** All that was read, also what is no text. */
  readonly files: readonly SourceFile[];
}

export interface SourceFile {
  readonly path: string;
  readonly bytes: number;
  readonly what: 'text' | 'empty' | 'binary' | 'too large';
}

export interface Given {
  readonly stdin: NodeJS.ReadableStream;
  readonly interrupted: AbortSignal;
}

/** @throws NOT_FOUND, FORBIDDEN or INVALID_ARGUMENT for what cannot be read, TIMEOUT for a silent pipe */
export async function readSources(path: string, { stdin, interrupted }: Given): Promise<Sources> {
  if (path === '-') return oneSource('-', await readAll(stdin, interrupted), path);
  switch (await sourceKind(path)) {
    case 'folder':
      return sourcesUnder(path);
    case 'pipe':
      return oneSource('-', await readAll(await openPipe(path, interrupted), interrupted), path);
    case 'file':
      return fileSource(path);
  }
}

/** By the manifest where there is one. @throws CONFIG_INVALID for a manifest that is none */
export function dumpOf({ texts }: Sources, path: string): FabricDump {
  const manifest = texts.get(MANIFEST_FILE);
  if (manifest === undefined) return readTexts(texts);
  const what = `${path}: ${MANIFEST_FILE}`;
  const options = { what, code: 'CONFIG_INVALID', hint: fabricText.manifestHint } as const;
  return readManifestDump(decode(DumpManifest, parseJson(manifest, what), options), texts);
}

/** Texts of a .tar.gz by path; null for a file that is none. @throws INVALID_ARGUMENT for a gzip that is cut or damaged */
export async function readBundle(path: string): Promise<ReadonlyMap<string, string> | null> {
  const file = await openFile(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return isGzip(buffer) ? unpacked(await file.readFile(), path).texts : null;
  } finally {
    await file.close();
  }
}

function parseJson(manifest: string, what: string): unknown {
  try {
    return JSON.parse(manifest);
  } catch (cause) {
    throw new Dsr1Error('CONFIG_INVALID', fabricText.noJson(what), { cause, hint: fabricText.manifestHint });
  }
}

function oneSource(name: string, bytes: Buffer, path: string): Sources {
  return isGzip(bytes) ? unpacked(bytes, path) : sourcesOf([fileOf(name, bytes)]);
}

/** A .tar.gz, or one text that was compressed. */
function unpacked(archive: Buffer, path: string): Sources {
  try {
    const texts = unpackTexts(archive);
    const files = [...texts].map(([name, text]) => ({ ...textFile(name, text), text }));
    return files.length > 0
      ? sourcesOf(files)
      : sourcesOf([
          fileOf(
            basename(path).replace(/\.gz$/, ''),
            gunzipSync(archive, { maxOutputLength: MAX_UNPACKED_BYTES }),
          ),
        ]);
  } catch (cause) {
    throw new Dsr1Error('INVALID_ARGUMENT', fabricText.noArchive(path), {
      cause,
      hint: fabricText.noArchiveHint,
    });
  }
}

async function sourcesUnder(root: string): Promise<Sources> {
  const files: ReadFile[] = [];
  for (const file of await filesUnder(root)) {
    const name = relative(root, file).split(sep).join('/');
    const bytes = await bytesOf(file);
    files.push(Buffer.isBuffer(bytes) ? fileOf(name, bytes) : { ...bytes, path: name });
  }
  return sourcesOf(files);
}

async function filesUnder(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch((error) =>
    refuse(error.path ?? root, error),
  );
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  if (files.length <= MAX_FILES) return files.sort();
  throw new Dsr1Error('INVALID_ARGUMENT', fabricText.tooManyFiles(root, MAX_FILES, files.length));
}

async function fileSource(path: string): Promise<Sources> {
  const bytes = await bytesOf(path);
  return Buffer.isBuffer(bytes)
    ? oneSource(basename(path), bytes, path)
    : sourcesOf([{ ...bytes, path: basename(path) }]);
}

async function bytesOf(path: string): Promise<Buffer | Omit<ReadFile, 'path'>> {
  const file = await openFile(path);
  try {
    const { size } = await file.stat();
    return size > MAX_FILE_BYTES ? { bytes: size, what: 'too large', text: null } : await file.readFile();
  } finally {
    await file.close();
  }
}

/** `text` null for bytes that are none. */
type ReadFile = SourceFile & { readonly text: string | null };

function sourcesOf(files: readonly ReadFile[]): Sources {
  return {
    texts: new Map(files.map(({ path, text }) => [path, text ?? ''])),
    files: files.map(({ path, bytes, what }) => ({ path, bytes, what })),
  };
}

function fileOf(path: string, bytes: Buffer): ReadFile {
  const text = textOf(bytes);
  const what = text === null ? 'binary' : text.trim() === '' ? 'empty' : 'text';
  return { path, bytes: bytes.length, what, text };
}

function textFile(path: string, text: string): SourceFile {
  return { path, bytes: Buffer.byteLength(text), what: 'text' };
}

/** UTF-8, or UTF-16 with its mark as Windows' terminals save it. */
function textOf(bytes: Buffer): string | null {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  return bytes.subarray(0, 8192).includes(0) ? null : bytes.toString('utf8');
}
