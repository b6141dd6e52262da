/** A folder or bundle of dumps, one file, or standard input → texts and, where there is one, the manifest beside them. */
import { open, readdir, readFile, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { text } from 'node:stream/consumers';
import { Dsr1Error } from '@dsr1/shared/errors';
import { MANIFEST_FILE } from '@dsr1/shared/fabric/collect/bundle';
import { DumpManifest, type FabricDump, readManifestDump, readTexts } from '@dsr1/shared/fabric/dump';
import { decode } from '@dsr1/shared/schema';
import { fabricText } from '../text/fabric.ts';
import { isGzip, unpackTexts } from './tar.ts';

const MAX_FILES = 10_000;
const MAX_FILE_BYTES = 256 * 1024 * 1024;

/** @throws NOT_FOUND when nothing is there, CONFIG_INVALID for a manifest that is none */
export async function readDump(path: string, stdin: NodeJS.ReadableStream): Promise<FabricDump> {
  if (path === '-') return readTexts(new Map([['-', await text(stdin)]]));
  const found = await stat(path).catch((cause) => {
    throw new Dsr1Error('NOT_FOUND', fabricText.nothingAt(path), { cause });
  });
  if (found.isDirectory()) return described(await textsUnder(path), path);
  const bundle = await readBundle(path);
  return bundle === null
    ? readTexts(new Map([[path, textOf(await readFile(path))]]))
    : described(bundle, path);
}

/** Texts of a .tar.gz by path; null for a file that is none. @throws INVALID_ARGUMENT for a gzip of something else */
export async function readBundle(path: string): Promise<Map<string, string> | null> {
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return isGzip(buffer) ? unpacked(await file.readFile(), path) : null;
  } finally {
    await file.close();
  }
}

/** By the manifest where there is one. */
function described(texts: ReadonlyMap<string, string>, path: string): FabricDump {
  const manifest = texts.get(MANIFEST_FILE);
  if (manifest === undefined) return readTexts(texts);
  const what = `${path}: ${MANIFEST_FILE}`;
  const options = { what, code: 'CONFIG_INVALID', hint: fabricText.manifestHint } as const;
  return readManifestDump(decode(DumpManifest, parseJson(manifest, what), options), texts);
}

function parseJson(manifest: string, what: string): unknown {
  try {
    return JSON.parse(manifest);
  } catch (cause) {
    throw new Dsr1Error('CONFIG_INVALID', fabricText.noJson(what), { cause, hint: fabricText.manifestHint });
  }
}

function unpacked(bytes: Buffer, path: string): Map<string, string> {
  try {
    return unpackTexts(bytes);
  } catch (cause) {
    throw new Dsr1Error('INVALID_ARGUMENT', fabricText.noArchive(path), { cause });
  }
}

async function textsUnder(root: string): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const file of await filesUnder(root)) {
    const small = (await stat(file)).size <= MAX_FILE_BYTES;
    if (small) texts.set(relative(root, file).split(sep).join('/'), textOf(await readFile(file)));
  }
  return texts;
}

async function filesUnder(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  if (files.length <= MAX_FILES) return files.sort();
  throw new Dsr1Error('INVALID_ARGUMENT', fabricText.tooManyFiles(root, MAX_FILES, files.length));
}

/** '' for bytes that are no text. */
function textOf(bytes: Buffer): string {
  return bytes.subarray(0, 8192).includes(0) ? '' : bytes.toString('utf8');
}
