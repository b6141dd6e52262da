import { readdir, readFile, readlink } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { HostRecord } from './simulated.ts';

/**
 * A host recorded in a folder: `root/` holds its files and links by their paths, `tools.json` says which file of the
 * folder a tool prints (`{"nvidia-smi -q -x": "nvidia-smi-q-x.xml"}`).
 */
export async function readHostRecord(folder: string): Promise<HostRecord> {
  const root = join(folder, 'root');
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const place = (entry: (typeof entries)[number]) => {
    const path = join(entry.parentPath, entry.name);
    return { path, inside: `/${relative(root, path)}` };
  };
  const of = (kind: 'isFile' | 'isSymbolicLink') => entries.filter((entry) => entry[kind]()).map(place);
  const files = of('isFile').map(async ({ path, inside }) => [inside, await readFile(path, 'utf8')] as const);
  const links = of('isSymbolicLink').map(async ({ path, inside }) => [inside, await readlink(path)] as const);
  const names = JSON.parse(await readFile(join(folder, 'tools.json'), 'utf8')) as Readonly<
    Record<string, string>
  >;
  const tools = Object.entries(names).map(
    async ([argv, file]) => [argv, await readFile(join(folder, file), 'utf8')] as const,
  );
  return {
    files: Object.fromEntries(await Promise.all(files)),
    links: Object.fromEntries(await Promise.all(links)),
    tools: Object.fromEntries(await Promise.all(tools)),
  };
}
