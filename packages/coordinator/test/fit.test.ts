/** Whether a model fits: the verdict in a plan, and the answer over HTTP, with nodes that hold a model folder. */
import type { NodeFacts } from '@dsr1/shared/facts/node';
import { knownConfig } from '@dsr1/shared/models/known/known-models';
import type { PlanResult } from '@dsr1/shared/plan/model';
import { renderPlan } from '@dsr1/shared/plan/render';
import type { DeploymentSpec } from '@dsr1/shared/spec/deployment';
import type { ModelConfig } from '@dsr1/shared/weights/model';
import { test } from 'tap';
import { createPlanner } from '../src/deployments/planner.ts';
import { createFit } from '../src/models/fit.ts';
import type { NodeHub, NodeView } from '../src/nodes/hub.ts';
import type { PlanNode } from '../src/plan/input.ts';
import { plan } from '../src/plan/plan.ts';
import type { AttemptRecord } from '../src/reconcile/model.ts';
import { h20Hosts, nodeOf, sglangInstall, vllmInstall } from './support/hosts.ts';

const PATH = '/models/m';

const configOf = (name: string, change: object = {}): string =>
  JSON.stringify({ ...knownConfig(name), ...change });

/** Nodes that answer for the folder with `files`, or not at all. */
function hubOf(nodes: readonly PlanNode[], files: Partial<ModelConfig> | null) {
  const asked: string[] = [];
  const hub: Pick<NodeHub, 'nodes' | 'send'> = {
    nodes: () => nodes.map((node) => ({ ...node, sessionId: 's' }) as unknown as NodeView),
    async send(nodeId, { action }) {
      if (action.kind === 'probe' && action.probe === 'model') asked.push(nodeId);
      const failure = { code: 'NODE_OFFLINE', message: 'gone', hint: null } as const;
      const probe = files === null ? null : { config: null, storedBytes: null, ...files };
      return { commandId: 'c', failure: files === null ? failure : null, prepared: null, probe };
    },
  };
  return { hub, asked };
}

/** Two hosts of eight H20 with both engines. */
const h20 = (count: number): PlanNode[] =>
  h20Hosts([sglangInstall(), vllmInstall()])
    .slice(0, count)
    .map((host) => nodeOf(host));

const withCapability = (facts: NodeFacts, computeCapability: string): NodeFacts =>
  facts.gpus.detected
    ? {
        ...facts,
        gpus: {
          ...facts.gpus,
          value: {
            ...facts.gpus.value,
            gpus: facts.gpus.value.gpus.map((gpu) => ({ ...gpu, computeCapability })),
          },
        },
      }
    : facts;

const store = { names: async () => [], load: async () => null };

async function planned(
  nodes: readonly PlanNode[],
  files: Partial<ModelConfig> | null,
  spec: Partial<DeploymentSpec>,
  previous: Partial<AttemptRecord> | null = null,
): Promise<PlanResult> {
  const { hub } = hubOf(nodes, files);
  const full: DeploymentSpec = { name: 'm', engine: { kind: 'sglang' }, model: { path: PATH }, ...spec };
  const before =
    previous === null
      ? null
      : ({ ranks: [], plan: { endpoint: null }, ...previous } as unknown as AttemptRecord);
  return createPlanner({ store, hub, plan }).plan({ spec: full, epoch: 1, previous: before, avoidPorts: [] });
}

const fitOf = (result: PlanResult) => (result.feasible ? result.plan.fit : result.rejections);

test('a plan says whether its model fits, with the sum one flag away', async (t) => {
  const nodes = h20(2);
  const result = await planned(nodes, { config: configOf('deepseek-r1') }, {});
  t.match(fitOf(result), { verdict: 'fits', tokenBytes: 70_272, because: [/left on each GPU/] });
  const short = renderPlan(result).join('\n');
  t.match(short, /Memory:\n {2}fits: [\s\S]*GiB of weights on a GPU, 70272 B a token/);
  t.notMatch(short, /left for the cache/);
  t.match(renderPlan(result, true).join('\n'), /free before weights load[\s\S]*left for the cache/);
});

test('weights may take as long as their bytes do at 100 MB/s, or as the deployment says', async (t) => {
  const config = configOf('deepseek-r1');
  const seconds = async (files: Partial<ModelConfig> | null, spec: Partial<DeploymentSpec> = {}) => {
    const result = await planned(h20(2), files, spec);
    return result.feasible ? result.plan.deadlines.weightsSeconds : result.rejections;
  };
  t.equal(await seconds({ config, storedBytes: 688_586_727_753 }), 600 + 6886);
  t.equal(await seconds({ config, storedBytes: 688_586_727_753 }, { deadlines: { weightsSeconds: 60 } }), 60);
  t.equal(await seconds({ config, storedBytes: null }), 3600, "the engine's own");
  t.equal(await seconds(null), 3600, 'nobody has told');
});

test('what cannot be is refused before prepare, with the nearest change; and only told when asked to', async (t) => {
  const one = h20(1);
  const r1 = { config: configOf('deepseek-r1') };
  const large = await planned(one, r1, { gpusPerNode: 4, parallelism: { tensor: 4 } });
  t.match(large, {
    feasible: false,
    rejections: [
      {
        category: 'oom',
        because: /^the model does not fit \(tensor 4 × pipeline 1\): weights .* more than/,
        fix: /^nearest that fits: .*GPUs; model\.fit: warn/,
        table: [['free before weights load']],
      },
    ],
  });
  const told = await planned(one, r1, { gpusPerNode: 4, model: { path: PATH, fit: 'warn' } });
  t.match(told, {
    feasible: true,
    plan: { fit: { verdict: 'does-not-fit' }, warnings: [/the model does not fit/] },
  });
  const again = await planned(one, r1, { gpusPerNode: 4 }, { servedAtWallMs: 1 });
  t.equal(again.feasible, true, 'what has served fits, whatever the sum says');
  const heads = { config: configOf('qwen2.5-7b') };
  const illegal = await planned(one, heads, { parallelism: { tensor: 8 } });
  t.match(fitOf(illegal), [{ category: 'parallel-size-invalid', because: /28 attention heads/ }]);
  const oldGpus = one.map(({ facts, ...rest }) => ({
    ...rest,
    facts: facts && withCapability(facts, '8.0'),
  }));
  t.match(fitOf(await planned(oldGpus, { config: configOf('qwen3-32b-fp8') }, {})), [
    { category: 'hardware-unsupported', because: /compute capability 8\.9 and the GPU has 8\.0/ },
  ]);
  const long = await planned(
    one,
    { config: configOf('qwen3-8b') },
    { engine: { kind: 'vllm', args: ['--max-model-len', '131072'] } },
  );
  t.match(fitOf(long), [{ category: 'bad-flag', because: /131072 tokens is asked and .* 40960/ }]);
  const yarn = configOf('qwen3-8b', { rope_scaling: { rope_type: 'yarn', factor: 4 } });
  t.match(
    fitOf(
      await planned(one, { config: yarn }, { engine: { kind: 'vllm', args: ['--max-model-len', '131072'] } }),
    ),
    {
      verdict: 'fits',
    },
  );
  const context = await planned(
    one,
    { config: configOf('qwen2.5-72b', { rope_scaling: { rope_type: 'yarn', factor: 32 } }) },
    {
      engine: { kind: 'vllm', args: ['--max-model-len=1M', '--gpu-memory-utilization', '0.6'] },
      gpusPerNode: 8,
    },
  );
  t.match(fitOf(context), [
    { category: 'kv-cache-too-small', because: /one request of 1048576 tokens needs/ },
  ]);
});

test('a lack within the error of the sum is only told', async (t) => {
  const one = h20(1);
  const verdicts = await Promise.all(
    Array.from({ length: 40 }, async (_, extra) => {
      const files = { config: configOf('llama-3.1-405b', { num_hidden_layers: 90 + extra * 2 }) };
      const result = await planned(one, files, {});
      return result.feasible ? result.plan.fit?.verdict : 'refused';
    }),
  );
  const at = (verdict: string) => verdicts.indexOf(verdict as never);
  t.ok(at('fits') === 0 && at('near') > 0 && at('refused') > at('near'), verdicts.join(' '));
  t.ok(at('refused') - at('near') <= 4, 'a band of 5 % of the weights');
});

test('what is not certain is not judged, with the reason, and never refused', async (t) => {
  const nodes = h20(1);
  const r1 = configOf('deepseek-r1');
  for (const [files, spec, reason] of [
    [null, {}, /did not tell of \/models\/m: gone/],
    [{}, {}, /has no config\.json in \/models\/m/],
    [{ config: '{' }, {}, /no JSON object/],
    [{ config: configOf('llama-3.1-8b', { model_type: 'papillon' }) }, {}, /family papillon is not known/],
    [{ config: configOf('llama-3.1-8b', { hidden_size: -1 }) }, {}, /hidden_size is -1/],
    [{ config: r1, storedBytes: 1e12 }, {}, /the shards hold .* and the config leads to/],
    [
      { config: r1 },
      { engine: { kind: 'sglang', args: ['--cpu-offload-gb=80'] } },
      /--cpu-offload-gb changes/,
    ],
    [{ config: r1 }, { gpusPerNode: 0 }, /CPUs are not counted/],
  ] as const) {
    const result = await planned(nodes, files, spec as Partial<DeploymentSpec>);
    t.match(fitOf(result), { verdict: 'not-judged', because: [reason] });
  }
  const rehearsal = await planned(nodes, { config: r1 }, { engine: { kind: 'rehearsal' } });
  t.equal(fitOf(rehearsal), undefined, 'no model is loaded');
});

test('fit over HTTP: live facts, a model on the nodes, every division or one', async (t) => {
  const nodes = h20(2);
  const { hub, asked } = hubOf(nodes, { config: configOf('deepseek-r1') });
  const fit = createFit(hub);
  t.match(await fit({ model: PATH }), {
    sets: [{ tensor: 8, pipeline: 2 }],
    because: /fewest GPUs that hold it: 16 on 2 nodes/,
  });
  t.equal(asked.length, 1, 'the first that has it answers for all');
  const names = nodes.map(({ name }) => name);
  t.match(await fit({ model: PATH, nodes: names, tensor: 16 }), {
    verdict: 'fits',
    kv_bytes_per_token: 70_272,
  });
  t.match(await fit({ model: 'deepseek-r1', gpu: 'H100', count: 32, tensor: 32 }), { verdict: 'illegal' });
  await t.rejects(fit({ model: PATH, nodes: ['none'] }), { code: 'NODE_NOT_FOUND' });
  await t.rejects(fit({ model: 'deepseek-r2' }), { code: 'NOT_FOUND', hint: 'did you mean deepseek-r1?' });
  await t.rejects(createFit(hubOf(nodes, {}).hub)({ model: PATH }), { code: 'NOT_FOUND' });
  const bare = createFit(
    hubOf(
      nodes.map((node) => ({ ...node, facts: null })),
      { config: '{}' },
    ).hub,
  );
  await t.rejects(bare({ model: PATH, nodes: names }), { code: 'CONFIG_INVALID' });
});
