/**
 * Gangs of real vLLM and real SGLang on two real systemd hosts, broken in ten ways: each is named right, and what facts
 * or a node can tell is refused before an engine starts.
 */
import type { Diagnosis } from '@dsr1/shared/diagnose/model';
import type { DeploymentDetail } from '@dsr1/shared/http-api/resources';
import type { PlanResult } from '@dsr1/shared/plan/model';
import { test } from 'tap';
import { buildPackage, type Cluster, installOn, must, startCluster } from '../lab/cluster.ts';
import { labEngine, oddModel } from '../lab/engines.ts';
import { bootLab } from '../lab/lab.ts';
import { type Broken, brokenGangs } from './broken.ts';

test('ten ways to fail on two hosts', { timeout: 1_800_000 }, async (t) => {
  const vllm = labEngine('vllm');
  const sglang = labEngine('sglang');
  const odd = oddModel();
  const lab = bootLab(2, 1, [...new Set([...vllm.binds, ...sglang.binds, ...odd.binds])]);
  t.teardown(() => lab.down());
  const tarball = buildPackage();
  for (const host of [1, 2]) await installOn(lab, host, tarball);
  const cluster = await startCluster(lab, 2);
  const only = process.env.DSR1_BROKEN?.split(',');
  const gangs = brokenGangs({ vllm, sglang, oddModel: odd.model });
  for (const broken of gangs.filter(({ name }) => only?.includes(name) ?? true)) {
    await t.test(broken.name, async (t) => {
      await broken.breaks?.(lab, cluster);
      const startedMs = performance.now();
      const found = await fail(cluster, broken);
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
      t.comment(`${broken.name}: ${found.stage}, ${seconds} s: ${found.said}`);
      await broken.mends?.(lab, cluster);
      t.match(found, { stage: broken.stage, category: broken.category });
      t.match(found.evidence, broken.evidence);
      t.match(found.deployed, found.category, 'deploy itself says so, too');
      if (found.stage !== 'plan')
        t.equal(found.told, broken.category, 'and status, from what the agents read while it ran');
    });
  }
});

interface Found {
  readonly stage: Broken['stage'];
  readonly category: string;
  readonly evidence: string;
  /** The coordinator's verdict, from the agents' reports alone; null where nothing was started. */
  readonly told: string | null;
  /** All that `dsr1ctl deploy` printed. */
  readonly deployed: string;
  readonly said: string;
}

async function fail(cluster: Cluster, { name, file }: Broken): Promise<Found> {
  const path = cluster.file(`${name}.yaml`, file);
  const output = await cluster.ctl(['deploy', path, '--yes'], 400_000);
  if (output.code === 0) throw new Error(`${name} serves:\n${output.stdout}`);
  const deployed = output.stdout + output.stderr;
  const planned = await cluster.ctl(['plan', path, '--json']);
  if (planned.code !== 0) {
    const { rejections } = JSON.parse(planned.stdout) as Extract<PlanResult, { feasible: false }>;
    const [first] = rejections;
    return {
      stage: 'plan',
      category: `${first?.category}`,
      evidence: `${first?.because}`,
      told: null,
      deployed,
      said: `${first?.because}; ${first?.fix}`,
    };
  }
  const { ranks, diagnoses: told } = await cluster.ctlJson<DeploymentDetail>(['status', name]);
  const { diagnoses } = await cluster.ctlJson<{ diagnoses: Diagnosis[] }>(['diagnose', name]);
  const [first] = diagnoses;
  must(await cluster.ctl(['rm', name]), 'rm');
  return {
    // A rank that was committed has entered a phase; whether its own exit was seen depends on who ended first.
    stage: ranks.some(({ phaseSeconds }) => Object.keys(phaseSeconds).length > 0) ? 'engine' : 'prepare',
    category: `${first?.category}`,
    evidence: (first?.evidence ?? []).map(({ line }) => line).join('\n'),
    told: told?.[0]?.category ?? null,
    deployed,
    said: `${first?.cause} (${first?.confidence}); ${first?.fix}`,
  };
}
