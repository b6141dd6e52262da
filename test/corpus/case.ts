/** Cases of the open corpus (test/data/fabric-cases): real machines as people posted them, with what must be read out. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DumpManifest } from '@dsr1/shared/fabric/dump';

type Row = Readonly<Record<string, unknown>>;

export interface ParsedExpectation {
  readonly what: string;
  readonly format?: string;
  readonly count?: number;
  readonly distinct?: number;
  readonly rows?: readonly Row[];
  readonly gpu_count?: number | null;
  readonly nic_count?: number | null;
  readonly nics?: Readonly<Record<string, string>> | null;
  readonly cells?: readonly (readonly [string, string, string])[];
  readonly nearest?: Readonly<Record<string, { level: string; nics: readonly string[] }>>;
}

export interface DeviceExpectation {
  readonly exact?: readonly string[];
  readonly must_include?: readonly string[];
  readonly must_exclude?: readonly string[];
  readonly soft?: boolean | readonly string[];
}

export interface SelectionExpectation {
  readonly given?: NonNullable<DumpManifest['nodes'][number]['given']>;
  readonly socket_ifname?: readonly string[];
  readonly socket_must_exclude?: readonly string[];
  readonly hca?: DeviceExpectation;
  readonly rail_netdevs?: DeviceExpectation;
  readonly topo_nics?: DeviceExpectation;
  readonly gid_index?: Readonly<Record<string, readonly number[]>>;
  readonly gid_not?: Readonly<Record<string, readonly number[]>>;
  readonly gid_env?: string | null;
  readonly soft?: boolean | readonly string[];
}

export interface LogExpectation {
  readonly file: string;
  readonly host?: string;
  readonly version?: string | null;
  readonly network?: string | null;
  readonly transport?: string | null;
  readonly oob_ifname?: string | null;
  readonly gdr?: boolean | null;
  readonly nic_count?: number | null;
  readonly devices_used?: readonly string[];
  readonly errors?: readonly { line_contains: string; category: string; or?: readonly string[] }[];
  readonly benign?: readonly string[];
  readonly soft?: boolean;
}

export interface CorpusCase {
  readonly id: string;
  readonly nodes: readonly {
    name: string;
    group: string;
    gpus?: number;
    files: Readonly<Record<string, string>>;
  }[];
  readonly parsed?: Readonly<Record<string, ParsedExpectation>>;
  readonly selection?: Readonly<Record<string, SelectionExpectation>>;
  readonly group?: { verdict: string | null; soft?: boolean };
  readonly nccl?: readonly LogExpectation[];
  readonly bad_env?: readonly { var: string; value: string; soft?: boolean }[];
  readonly diagnosis?: { category: string; soft?: boolean };
}

export interface LoadedCase {
  readonly expected: CorpusCase;
  readonly manifest: DumpManifest;
  readonly texts: ReadonlyMap<string, string>;
}

/** All cases below `root`, in order. The manifest holds only what a support engineer would know. */
export async function loadCases(root: string): Promise<LoadedCase[]> {
  const folders = (await readdir(root)).sort();
  return Promise.all(folders.map((folder) => loadCase(join(root, folder))));
}

async function loadCase(folder: string): Promise<LoadedCase> {
  const expected = JSON.parse(await readFile(join(folder, 'case.json'), 'utf8')) as CorpusCase;
  const asserted = new Set([
    ...Object.keys(expected.parsed ?? {}),
    ...(expected.nccl ?? []).map((log) => log.file),
  ]);
  const nodes = expected.nodes.map(({ name, group, gpus, files }) => {
    const given = expected.selection?.[name]?.given;
    return {
      name,
      group,
      ...(gpus === undefined ? {} : { gpus }),
      ...(given === undefined ? {} : { given }),
      files: Object.fromEntries(
        Object.entries(files).filter(([kind, path]) => !kind.startsWith('notes') || asserted.has(path)),
      ),
    };
  });
  const paths = new Set(nodes.flatMap((node) => Object.values(node.files)));
  const texts = await Promise.all(
    [...paths].map(async (path) => [path, await readFile(join(folder, path), 'utf8')] as const),
  );
  return { expected, manifest: { nodes }, texts: new Map(texts) };
}
