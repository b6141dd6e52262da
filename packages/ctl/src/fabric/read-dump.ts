/** A folder of dumps, one file, or standard input → texts and, where there is one, the manifest beside them. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { Dsr1Error } from '@dsr1/shared/errors';
import { DumpManifest, type FabricDump, readManifestDump, readTexts } from '@dsr1/shared/fabric/dump';
import { Value } from 'typebox/value';

const MANIFEST = 'dump.json';
const MAX_FILES = 10_000;
const MAX_FILE_BYTES = 256 * 1024 * 1024;

/** Throws NOT_FOUND when nothing is there, CONFIG_INVALID for a manifest that is none. */
export async function readDump(path: string, stdin: NodeJS.ReadableStream): Promise<FabricDump> {
  if (path === '-') return readTexts(new Map([['-', await readStream(stdin)]]));
  const found = await stat(path).catch((cause) => {
    throw new Dsr1Error('NOT_FOUND', `expected a folder or file of dumps at ${path}, found none`, { cause });
  });
  if (!found.isDirectory()) return readTexts(new Map([[path, await readText(path)]]));
  const texts = new Map<string, string>();
  for (const file of await filesUnder(path))
    texts.set(relative(path, file).split(sep).join('/'), await readText(file));
  const manifest = texts.get(MANIFEST);
  if (manifest === undefined) return readTexts(texts);
  return readManifestDump(parseManifest(manifest, join(path, MANIFEST)), texts);
}

function parseManifest(text: string, path: string): DumpManifest {
  try {
    const value: unknown = JSON.parse(text);
    if (Value.Check(DumpManifest, value)) return value;
    const [first] = Value.Errors(DumpManifest, value);
    throw new Error(`${first?.instancePath ?? ''} ${first?.message ?? ''}`.trim());
  } catch (cause) {
    const hint = 'remove it to have the files read by what is in them';
    throw new Dsr1Error(
      'CONFIG_INVALID',
      `expected a manifest of nodes and files in ${path}, found something else`,
      { cause, hint },
    );
  }
}

async function filesUnder(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  if (files.length <= MAX_FILES) return files.sort();
  throw new Dsr1Error(
    'INVALID_ARGUMENT',
    `expected at most ${MAX_FILES} files under ${root}, found ${files.length}`,
  );
}

/** Text of a file; '' for one that is no text, or larger than any dump. */
async function readText(path: string): Promise<string> {
  if ((await stat(path)).size > MAX_FILE_BYTES) return '';
  const bytes = await readFile(path);
  return bytes.subarray(0, 8192).includes(0) ? '' : bytes.toString('utf8');
}

async function readStream(stream: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}
