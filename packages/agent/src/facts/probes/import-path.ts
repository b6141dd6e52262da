/** Where an environment's Python looks for packages (Python's site module), read from disk. */
import { dirname } from 'node:path';
import type { Host } from '../../host/host.ts';

export interface ImportPath {
  /** Of what Python: `python3.12`, Debian's `python3`. */
  readonly library: string;
  /** In the order in which Python looks; some may not be there. */
  readonly folders: readonly string[];
}

/** Of `<prefix>/bin/python`, one for each Python that has a library there. */
export async function importPaths(host: Host, prefix: string): Promise<readonly ImportPath[]> {
  const [names, bases] = await Promise.all([host.list(`${prefix}/lib`), basesOf(host, prefix)]);
  const libraries = (names ?? []).filter((name) => /^python3(\.\d+)?$/.test(name));
  return Promise.all(
    libraries.map(async (library) => {
      const sites = [
        ...sitesOf(prefix, library),
        ...bases.flatMap((base) => [...sitesOf(base, library), ...sitesOf(base, 'python3')]),
      ];
      const folders = await Promise.all(sites.map((site) => withAdded(host, site)));
      return { library, folders: [...new Set(folders.flat())] };
    }),
  );
}

/** A virtual environment made with `--system-site-packages` also imports what the Python has that it was made from. */
async function basesOf(host: Host, prefix: string): Promise<readonly string[]> {
  const config = (await host.readText(`${prefix}/pyvenv.cfg`)) ?? '';
  const value = (key: string) => new RegExp(`^${key}\\s*=\\s*(\\S.*?)\\s*$`, 'im').exec(config)?.[1];
  const home = value('home');
  if (home === undefined || value('include-system-site-packages')?.toLowerCase() !== 'true') return [];
  const base = dirname(home);
  // What pip installed for the system's own Python.
  return base === '/usr' ? ['/usr/local', base] : [base];
}

const sitesOf = (prefix: string, library: string) =>
  ['site-packages', 'dist-packages'].map((folder) => `${prefix}/lib/${library}/${folder}`);

/** The folder, then those that its `.pth` files add; a line that begins with `import` is code. */
async function withAdded(host: Host, folder: string): Promise<readonly string[]> {
  const files = ((await host.list(folder)) ?? []).filter((name) => name.endsWith('.pth')).sort();
  const texts = await Promise.all(files.map((name) => host.readText(`${folder}/${name}`)));
  const added = texts.flatMap((text) => (text ?? '').split('\n').map((line) => line.trim()));
  return [
    folder,
    ...added
      .filter((line) => line !== '' && !/^(?:#|import\s)/.test(line))
      .map((line) => (line.startsWith('/') ? line : `${folder}/${line}`)),
  ];
}
