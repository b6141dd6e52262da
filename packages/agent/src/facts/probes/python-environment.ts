import type { EngineInstall } from '@dsr1/shared/facts/node';
import type { Host } from '../../host/host.ts';
import { naturalOrder } from '../../host/natural-order.ts';
import { type ImportPath, importPaths } from './import-path.ts';

type Versions = ReadonlyMap<string, string>;

/** Engines installed in one environment (`<prefix>/bin/python`), read from its package metadata. */
export async function readEnvironment(host: Host, prefix: string): Promise<EngineInstall[]> {
  const paths = await importPaths(host, prefix);
  return (await Promise.all(paths.map((path) => readPackages(host, prefix, path)))).flat();
}

async function readPackages(
  host: Host,
  prefix: string,
  { library, folders }: ImportPath,
): Promise<EngineInstall[]> {
  const names = await Promise.all(folders.map(async (one) => (await host.list(one)) ?? []));
  // Python takes a package from the first folder that has it.
  const versions = versionsIn(names.toReversed().flat());
  const engines = (['sglang', 'vllm'] as const).flatMap((engine) => {
    // CPU builds of vLLM are published under a name of their own.
    const version = versions.get(engine) ?? versions.get(`${engine}_cpu`);
    return version === undefined ? [] : [{ engine, version }];
  });
  if (engines.length === 0) return [];
  const [python, pythonVersion, cuda] = await Promise.all([
    interpreter(host, prefix, library),
    pythonVersionOf(host, prefix, library),
    cudaOf(host, folders),
  ]);
  if (python === null) return [];
  const nccl = versions.get('nvidia_nccl') ?? (cuda === null ? null : await systemNccl(host));
  const shared = {
    python,
    pythonVersion,
    torch: versions.get('torch') ?? null,
    nccl,
    cuda,
    ray: versions.get('ray') ?? null,
  };
  return engines.map((engine) => ({ ...engine, ...shared }));
}

/** `torch-2.9.1+cu128.dist-info` → torch 2.9.1+cu128; the CUDA generation in a name (`nvidia_nccl_cu12`) is left out. */
function versionsIn(names: readonly string[]): Versions {
  const versions = new Map<string, string>();
  for (const name of names) {
    const match = /^([A-Za-z0-9_.]+)-(\d[^-]*)(?:-py[\d.]+)?\.(?:dist|egg)-info$/.exec(name);
    if (match?.[1] && match[2])
      versions.set(
        match[1]
          .toLowerCase()
          .replace(/[.-]/g, '_')
          .replace(/_cu\d+$/, ''),
        match[2],
      );
  }
  return versions;
}

async function interpreter(host: Host, prefix: string, library: string): Promise<string | null> {
  const names = (await host.list(`${prefix}/bin`)) ?? [];
  const name = ['python', 'python3', library].find((candidate) => names.includes(candidate));
  if (name !== undefined) return `${prefix}/bin/${name}`;
  // Debian's and Ubuntu's own interpreter also loads what pip installed under /usr/local.
  return prefix === '/usr/local' ? interpreter(host, '/usr', library) : null;
}

async function pythonVersionOf(host: Host, prefix: string, library: string): Promise<string | null> {
  const config = await host.readText(`${prefix}/pyvenv.cfg`);
  const exact = /^version(?:_info)?\s*=\s*(\d+\.\d+(?:\.\d+)?)/m.exec(config ?? '')?.[1];
  return exact ?? /^python(3\.\d+)$/.exec(library)?.[1] ?? null;
}

/** CUDA that torch was built for, as its own version file says; null for CPU builds. */
async function cudaOf(host: Host, folders: readonly string[]): Promise<string | null> {
  const texts = await Promise.all(folders.map((folder) => host.readText(`${folder}/torch/version.py`)));
  const text = texts.find((one) => one !== null) ?? '';
  return /^cuda(?::[^=]*)?\s*=\s*['"]([\d.]+)['"]/m.exec(text)?.[1] ?? null;
}

/** NCCL of the system, which builds of torch without a packaged one load: the version is in the library's file name. */
async function systemNccl(host: Host): Promise<string | null> {
  const folder = `/usr/lib/${host.arch}-linux-gnu`;
  const names = ((await host.list(folder)) ?? []).flatMap(
    (name) => /^libnccl\.so\.(\d+\.\d+\.\d+)$/.exec(name)?.[1] ?? [],
  );
  return names.sort(naturalOrder).at(-1) ?? null;
}
