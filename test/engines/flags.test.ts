/** What real engines say of their own flags: the live reading is the table that is shipped for that version. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FlagTable, flagTable } from '@dsr1/shared/engines/flag-table';
import { SGLANG_0_5_23 } from '@dsr1/shared/engines/sglang/flags-0-5-23';
import { VLLM_0_32_0 } from '@dsr1/shared/engines/vllm/flags-0-32-0';
import { test } from 'tap';
import { createEngineReader } from '../../packages/agent/src/engines/reader.ts';
import { linuxHost } from '../../packages/agent/src/host/linux.ts';
import { waitFor } from '../../packages/agent/test/helpers/wait-for.ts';
import { installedPython } from '../lab/engines.ts';

const ENGINES = [
  { engine: 'vllm', version: '0.32.0', shipped: VLLM_0_32_0 },
  { engine: 'sglang', version: '0.5.23', shipped: SGLANG_0_5_23 },
] as const;

test('flags read live are the shipped ones', { timeout: 600_000 }, async (t) => {
  const stateDir = mkdtempSync(join(tmpdir(), 'dsr1-flags-'));
  t.teardown(() => rmSync(stateDir, { recursive: true }));
  const clock = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };
  const reader = createEngineReader({ host: linuxHost(), clock, stateDir, dockerSocket: '/none' });
  for (const { engine, version, shipped } of ENGINES) {
    const request = { engine, python: installedPython(engine), image: null };
    const startedMs = performance.now();
    await waitFor('the reading', async () => (await reader.read(request)).state !== 'reading', 125_000);
    t.comment(`${engine}: read in ${Math.round(performance.now() - startedMs)} ms`);
    const reading = await reader.read(request);
    if (reading.state !== 'known') throw new Error(JSON.stringify(reading));
    t.equal(reading.because, null);
    t.equal(reading.install.version.replace(/\+.*/, ''), version);
    t.match(reading.install.torch, /^\d+\.\d+/);
    t.same(rows(flagTable(version, reading.install.flags ?? '')), rows(flagTable(version, shipped)));
  }
});

const rows = ({ names }: FlagTable): readonly string[] =>
  [...names]
    .map(([spelling, { name, aliases, isSwitch }]) =>
      [spelling, name, ...aliases.toSorted(), isSwitch].join(' '),
    )
    .toSorted();
