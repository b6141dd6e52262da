/** node bench/fabric-parse.ts: parse time per format beside `wc`, and explain of 16 hosts × 16 HCAs × 256 GIDs. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readTexts } from '@dsr1/shared/fabric/dump';
import { explainDump } from '@dsr1/shared/fabric/explain';
import { loadCases } from '../test/corpus/case.ts';

const MIB = 1024 * 1024;
const folder = mkdtempSync(join(tmpdir(), 'dsr1-bench-'));
try {
  const cases = await loadCases(join(import.meta.dirname, '../test/data/fabric-cases'));
  const samples = new Map(
    cases.flatMap(({ manifest, texts }) =>
      manifest.nodes.flatMap((node) =>
        Object.entries(node.files).map(
          ([kind, path]) => [kind.split('@')[0] ?? '', texts.get(path) ?? ''] as const,
        ),
      ),
    ),
  );
  console.log('format               MiB/s   wc MiB/s');
  for (const [kind, sample] of samples) {
    const text = `${sample}\n`.repeat(Math.ceil((2 * MIB) / (sample.length + 1)));
    const ms = best(() => void readTexts(new Map([['-', text]])));
    console.log(`${kind.padEnd(18)} ${rate(text, ms)}   ${rate(text, wcMs(text))}`);
  }
  const hosts = new Map(
    Array.from({ length: 16 }, (_, host) => [`node${host}/dump.txt`, hostDump(host)] as const),
  );
  const all = [...hosts.values()].join('');
  const policy = { transport: 'auto', ncclVersion: null, gpuRanks: true, overrides: {} } as const;
  const ms = best(() => void explainDump(readTexts(hosts), policy));
  console.log(
    `explain 16 hosts × 16 HCAs × 256 GIDs (${(all.length / MIB).toFixed(1)} MiB): ${Math.round(ms)} ms; wc ${wcMs(all).toFixed(1)} ms`,
  );
} finally {
  rmSync(folder, { recursive: true });
}

function hostDump(host: number): string {
  const devices = Array.from({ length: 16 }, (_, device) => device);
  return [
    'show_gids',
    ...devices.flatMap((device) =>
      Array.from(
        { length: 256 },
        (_, index) =>
          `mlx5_${device}\t1\t${index}\t${gid(host, device, index)}\tv${1 + (index % 2)}\tens${device}`,
      ),
    ),
    'ibdev2netdev',
    ...devices.map((device) => `mlx5_${device} port 1 ==> ens${device} (Up)`),
    'ip a',
    ...devices.map(
      (device) =>
        `${device + 2}: ens${device}: <BROADCAST,UP,LOWER_UP> mtu 9000\n    inet 10.${device}.0.${host + 1}/24 scope global ens${device}`,
    ),
    '',
  ].join('\n');
}

function gid(host: number, device: number, index: number): string {
  const hex = (value: number): string => value.toString(16).padStart(2, '0');
  if (index === 2 || index === 3)
    return `0000:0000:0000:0000:0000:ffff:0a${hex(device)}:00${hex(host + 1)}\t10.${device}.0.${host + 1}  `;
  return `fe80:0000:0000:0000:0000:00${hex(device)}:0000:${hex(host)}${hex(index)}\t\t`;
}

function best(work: () => void): number {
  return Math.min(
    ...Array.from({ length: 5 }, () => {
      const startedMs = performance.now();
      work();
      return performance.now() - startedMs;
    }),
  );
}

function wcMs(text: string): number {
  const path = join(folder, 'text');
  writeFileSync(path, text);
  return best(() => void execFileSync('wc', [path]));
}

function rate(text: string, ms: number): string {
  return (text.length / MIB / (ms / 1000)).toFixed(1).padStart(8);
}
