/** Will it fit, on a real coordinator and agents whose hosts show GPUs and a model folder that has only its config. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERROR_TABLE } from '@dsr1/shared/error-table';
import type { FitBody, SetsBody } from '@dsr1/shared/models/fit-body';
import type { PlanResult } from '@dsr1/shared/plan/model';
import { test } from 'tap';
import { startCluster } from './cluster.ts';
import { livingIn } from './programs.ts';

const published: readonly { model: string; config: object }[] = JSON.parse(
  readFileSync(join(import.meta.dirname, '../data/models/published.json'), 'utf8'),
);
const config = published.find(({ model }) => model === 'deepseek-ai/DeepSeek-V3')?.config;

test('fit, plan and deploy of a model by its name, on three hosts of two kinds', async (t) => {
  t.setTimeout(120_000);
  const home = t.testdir();
  const model = join(home, 'models/DeepSeek-R1');
  mkdirSync(model, { recursive: true });
  writeFileSync(join(model, 'config.json'), JSON.stringify(config));
  plannedVllm(join(home, 'venv'));
  const node = (name: string, gpu: string, mebibytes: number) => {
    const tools = join(home, `tools-${name}`);
    showsGpus(tools, gpu, mebibytes);
    return { name, flags: ['--engine-roots', join(home, 'venv')], tools: [tools] };
  };
  const { ctl, json } = await startCluster(t, home, [
    node('gpu-1', 'NVIDIA H20', 97_871),
    node('gpu-2', 'NVIDIA H20', 97_871),
    node('gpu-3', 'NVIDIA H100 80GB HBM3', 81_559),
  ]);

  const everywhere = await json<SetsBody>('fit', model, '--nodes', '*', '--engine', 'vllm');
  const [first] = everywhere.sets;
  t.match(everywhere.because, /^(?:for \d+ of the model's 163840 tokens: )?fewest GPUs that hold it/);
  t.same(
    await json('fit', 'deepseek-v3', '--nodes', '*', '--engine', 'vllm'),
    everywhere,
    'the folder says what is published',
  );
  const h100 = ['--nodes', 'gpu-3', '--tp', '8', '--engine', 'vllm'];
  t.match(await json<FitBody>('fit', model, ...h100), {
    verdict: 'does-not-fit',
    because: [/^weights .* more than/],
    nearest: { flags: ['--tensor-parallel-size'] },
  });
  t.match(await ctl('fit', model, ...h100, '--explain'), {
    code: 0,
    out: /verdict {2}does-not-fit[\s\S]*NVIDIA H100/,
  });
  t.match(await ctl('fit', join(home, 'models/none'), ...h100), {
    code: ERROR_TABLE.NOT_FOUND.exit,
    err: /gpu-3 has no config\.json in/,
  });

  const chosen = ['deepseek-r1', '--name', 'r1', '--model', model];
  const planned = await ctl('plan', ...chosen, '--explain');
  t.match(planned, {
    code: 0,
    out: /^r1: vllm serves .*on gpu-1, gpu-2[\s\S]*fewest GPUs that hold it[\s\S]*Memory:\n {2}fits: [\s\S]*memory of one GPU .*GiB +NVIDIA H20/,
  });
  const result = await json<PlanResult>('plan', ...chosen);
  t.match(result, {
    feasible: true,
    plan: {
      world: { nodes: first?.nodes.length, tensor: first?.tensor, pipeline: first?.pipeline },
      fit: {
        verdict: 'fits',
        weightsBytes: first?.figures.weightsBytes,
        lines: [{ what: 'memory of one GPU' }],
      },
    },
  });

  const large = ['--name', 'large', '--engine', 'vllm', '--model', model, '--nodes', 'gpu-3'];
  t.match(await ctl('deploy', ...large, '--yes'), {
    code: ERROR_TABLE.PLAN_INFEASIBLE.exit,
    err: /the model does not fit \(tensor 8 × pipeline 1\): weights[\s\S]*\[?oom[\s\S]*nearest that fits: /,
  });
  t.match(await ctl('plan', ...large, '--fit', 'warn'), {
    code: 0,
    out: /Memory:\n {2}does not fit[\s\S]*! the model does not fit/,
  });

  t.match(await ctl('model', 'verify', '--full', model), { out: /every weight file is missing/ });
  t.match(
    await json('plan', 'deepseek-r1'),
    { plan: { deployment: 'deepseek-r1', fit: { verdict: 'fits' } } },
    'the folder that the nodes remember by its name',
  );
  const deployed = await ctl('deploy', ...chosen, '--yes', '--json');
  t.equal(deployed.code, ERROR_TABLE.MODEL_FILES_MISSING.exit, deployed.err);
  t.match(deployed.err, /fewest GPUs that hold it[\s\S]*Memory:[\s\S]*every weight file is missing/);
  t.equal(deployed.out, '', 'only a result is on standard output');
  t.same(livingIn(home), []);
});

/** `nvidia-smi` of a host with eight of these. */
function showsGpus(folder: string, name: string, mebibytes: number): void {
  const rows = Array.from(
    { length: 8 },
    (_, i) => `${i}, GPU-0000000${i}, ${name}, 00000000:0${i}:00.0, ${mebibytes} MiB, 9.0, Disabled`,
  );
  const header = 'index, uuid, name, pci.bus_id, memory.total [MiB], compute_cap, mig.mode.current';
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'nvidia-smi'),
    `#!/bin/sh\ncase "$*" in --query-gpu=*) cat <<'END'\n${[header, ...rows].join('\n')}\nEND\n;; *) exit 1 ;; esac\n`,
    { mode: 0o755 },
  );
}

/** A vLLM that can be planned with and not started. */
function plannedVllm(prefix: string): void {
  mkdirSync(join(prefix, 'lib/python3.12/site-packages/vllm-0.32.0.dist-info'), { recursive: true });
  mkdirSync(join(prefix, 'bin'));
  for (const name of ['python', 'vllm'])
    writeFileSync(join(prefix, 'bin', name), '#!/bin/false\n', { mode: 0o755 });
}
