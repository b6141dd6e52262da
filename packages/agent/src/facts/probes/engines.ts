import type { EngineInstall } from '@dsr1/shared/facts/node';
import type { Probe } from '@dsr1/shared/facts/nullable';
import type { Host } from '../../host/host.ts';
import { detected } from '../probe.ts';
import { readEnvironment } from './python-environment.ts';

/**
 * Python environments that hold an engine, found on disk and read from their package metadata: importing them would
 * cost seconds of CPU each.
 *
 * @param roots folders that are environments or hold some; one `*` stands for every name at its place
 */
export async function probeEngines(host: Host, roots: readonly string[]): Promise<Probe<EngineInstall[]>> {
  const onPath = host.toolPath
    .filter((folder) => folder.endsWith('/bin'))
    .map((folder) => folder.slice(0, -'/bin'.length));
  const prefixes = [...(await Promise.all(roots.map((root) => expand(host, root)))).flat(), ...onPath];
  const installs = await Promise.all(
    (await distinct(host, prefixes)).map((prefix) => readEnvironment(host, prefix)),
  );
  return detected('package metadata', installs.flat());
}

async function expand(host: Host, pattern: string): Promise<string[]> {
  const star = pattern.indexOf('*');
  if (star < 0) return [pattern];
  const [folder, rest] = [pattern.slice(0, star), pattern.slice(star + 1)];
  const names = (await host.list(folder)) ?? [];
  return (await Promise.all(names.map((name) => expand(host, `${folder}${name}${rest}`)))).flat();
}

/** One path for each environment, in the order given: `/bin` is `/usr/bin`, and links lead to the same folder. */
async function distinct(host: Host, prefixes: readonly string[]): Promise<string[]> {
  const unique = [...new Set(prefixes.map((prefix) => prefix.replace(/\/+$/, '')))];
  const folders = await Promise.all(unique.map((prefix) => host.realPath(`${prefix}/bin`)));
  const seen = new Set<string>();
  return unique.filter((_, at) => {
    const folder = folders[at] ?? null;
    if (folder === null || seen.has(folder)) return false;
    seen.add(folder);
    return true;
  });
}
