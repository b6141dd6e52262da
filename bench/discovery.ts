/**
 * Discovery, whole: all facts of this machine, and of this machine with a tree of 16 HCAs × 256 GIDs laid over its
 * sysfs. Prints a table; goal 300 ms each. Run: `node_modules/.bin/node bench/discovery.ts`.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { collectFacts } from '../packages/agent/src/facts/collect.ts';
import type { Host } from '../packages/agent/src/host/host.ts';
import { linuxHost } from '../packages/agent/src/host/linux.ts';
import { roceHost, writeHost } from '../packages/agent/test/fake-hosts.ts';

const RUNS = 9;
const identity = { agentVersion: 'bench', agentCommand: ['bench'] };

/** In memory, as sysfs is. */
const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'dsr1-discovery-'));
try {
  const trees = { 'each table with 8 rows': 8, 'each table full': 256 };
  const rows = [await measured('this machine', linuxHost())];
  for (const [name, gidsUsed] of Object.entries(trees)) {
    const overlay = join(folder, String(gidsUsed));
    writeHost(overlay, roceHost({ hcas: 16, gidSlots: 256, gidsUsed, gpus: 8 }));
    rows.push(await measured(`+ 16 HCAs × 256 GIDs, ${name}`, linuxHost({ overlay })));
  }
  console.table(Object.fromEntries(rows));
} finally {
  rmSync(folder, { recursive: true });
}

async function measured(name: string, host: Host) {
  const wall: number[] = [];
  let gids = 0;
  const cpu = process.cpuUsage();
  for (let run = 0; run < RUNS; run += 1) {
    const started = performance.now();
    const { hcas } = await collectFacts(host, identity);
    wall.push(performance.now() - started);
    gids = hcas.detected
      ? hcas.value.flatMap(({ ports }) => ports.flatMap((port) => port.gids ?? [])).length
      : 0;
  }
  const { user, system } = process.cpuUsage(cpu);
  const [first = 0] = wall;
  wall.sort((a, b) => a - b);
  return [
    name,
    {
      'GID rows': gids,
      'first ms': Math.round(first),
      'median ms': Math.round(wall[Math.floor(RUNS / 2)] ?? 0),
      'max ms': Math.round(wall.at(-1) ?? 0),
      'goal ms': 300,
      'own CPU ms/run': Math.round((user + system) / 1000 / RUNS),
    },
  ] as const;
}
