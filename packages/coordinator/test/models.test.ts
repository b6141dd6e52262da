/** What the coordinator makes of the nodes' answers about models, with nodes in memory. */
import type { RankPlan } from '@dsr1/shared/plan/model';
import { BLOCK_BYTES, type FileHashes, type ModelFile } from '@dsr1/shared/weights/model';
import type { ModelQuery } from '@dsr1/shared/weights/query';
import type { CommandResult } from '@dsr1/shared/wire/messages';
import { test } from 'tap';
import { sendPrepare } from '../src/deployments/gang-commands.ts';
import { gangModelDifference } from '../src/models/gang-models.ts';
import { createModels } from '../src/models/models.ts';
import type { NodeHub, NodeView } from '../src/nodes/hub.ts';
import type { AttemptRecord } from '../src/reconcile/model.ts';

const PATH = '/models/m';
const SHARD = 'model.safetensors';
const BYTES = BLOCK_BYTES + 1000;

/** A node that has one shard; `wrongByte` is where its content differs from the others'. */
interface FakeNode {
  readonly name: string;
  readonly digest?: string;
  readonly hubHash?: string | null;
  readonly wrongByte?: number;
  readonly silent?: true;
}

function hubOf(nodes: readonly FakeNode[]): Pick<NodeHub, 'nodes' | 'send'> {
  const view = (name: string) => ({ id: name, name, state: 'online', sessionId: 's' }) as unknown as NodeView;
  return {
    nodes: () => nodes.map(({ name }) => view(name)),
    async send(nodeId, { action }) {
      const node = nodes.find(({ name }) => name === nodeId);
      if (node === undefined || node.silent)
        return result(null, { code: 'NODE_OFFLINE', message: 'gone', hint: null });
      return result(action.kind === 'probe' ? answerOf(node, action.arguments as ModelQuery) : null);
    },
  };
}
const result = (probe: unknown, failure: CommandResult['failure'] = null): CommandResult => ({
  commandId: 'c',
  failure,
  prepared: null,
  probe,
});

function answerOf({ digest = 'd', hubHash = null, wrongByte }: FakeNode, query: ModelQuery): unknown {
  const differs = (from: number, to: number) =>
    wrongByte !== undefined && from <= wrongByte && wrongByte < to;
  const blocks = (from: number, to: number, size: number) =>
    Array.from({ length: Math.ceil((to - from) / size) }, (_, i) =>
      differs(from + i * size, Math.min(to, from + (i + 1) * size)) ? 'bad' : 'good',
    );
  const file: ModelFile = { name: SHARD, bytes: BYTES, digest, hubHash };
  const hashes: FileHashes = {
    bytes: BYTES,
    mtimeMs: 1,
    sha256: (wrongByte === undefined ? 'a' : 'b').repeat(64),
    blocks: blocks(0, BYTES, BLOCK_BYTES),
  };
  const state = { path: PATH, bytes: BYTES, fingerprint: digest, problems: [] };
  if (query.op === 'inspect') return { ...state, files: [file], tensors: 1 };
  if (query.op === 'hashes') return { [SHARD]: hashes };
  if (query.op === 'range') return blocks(query.fromByte, query.toByte, query.blockBytes);
  return { ...state, source: null, files: 1, verifiedAtMs: null, job: null };
}

const deployments = { list: async () => [], get: async () => Promise.reject(new Error('none')) };
const differencesOf = async (...nodes: FakeNode[]) =>
  (await createModels({ hub: hubOf(nodes), deployments }).check({ path: PATH })).differences;

const KEYS = { apiKey: '', gangKey: '' };

test('a wrong byte is narrowed down, and blamed on a node when something proves it', async (t) => {
  const wrongByte = BLOCK_BYTES + 333;
  t.same(await differencesOf({ name: 'a' }, { name: 'b' }), []);
  t.match(await differencesOf({ name: 'a' }, { name: 'b', wrongByte }), [{ node: null, offset: wrongByte }]);
  t.match(
    await differencesOf({ name: 'a', wrongByte }, { name: 'b' }, { name: 'c' }),
    [{ node: 'a', offset: wrongByte, message: /b has the right one/ }],
    'most nodes agree',
  );
  t.match(
    await differencesOf({ name: 'a', wrongByte: 0, hubHash: 'a'.repeat(64) }, { name: 'b' }),
    [{ node: 'a', offset: 0 }],
    'the hub knows',
  );
  t.match(
    await differencesOf({ name: 'a', wrongByte, hubHash: 'b'.repeat(64) }, { name: 'b' }, { name: 'c' }),
    [{ node: 'b' }, { node: 'c' }],
    'even against most',
  );
});

test('nodes that are named are asked, others are not; a silent one is told apart', async (t) => {
  const models = createModels({ hub: hubOf([{ name: 'a' }, { name: 'b', silent: true }]), deployments });
  t.match((await models.check({ path: PATH })).nodes, [
    { node: 'a', failure: null },
    { node: 'b', status: null, failure: { code: 'NODE_OFFLINE' } },
  ]);
  t.same(
    (await models.verify({ path: PATH, nodes: ['a'] })).map(({ node }) => node),
    ['a'],
  );
  await t.rejects(async () => models.verify({ path: PATH, nodes: ['x'] }), { code: 'NODE_NOT_FOUND' });
});

test('a model in use is not removed', async (t) => {
  const using = { name: 'r1', state: 'serving', spec: { model: { path: PATH } } };
  const models = createModels({
    hub: hubOf([{ name: 'a' }]),
    deployments: { list: async () => [using], get: async () => using } as never,
  });
  await t.rejects(models.remove({ path: PATH }), { code: 'DEPLOYMENT_RUNNING', message: /r1 uses/ });
  t.match(await models.remove({ path: '/models/other' }), [{ node: 'a', failure: null }]);
});

test('a gang whose nodes hold different models ends at prepare, with the file', async (t) => {
  const ranks = ['a', 'b', 'c'].map(
    (name, rank) =>
      ({
        rank,
        nodeId: name,
        nodeName: name,
        engine: 'vllm',
        requiredPaths: ['/venv/bin/python', PATH],
        processes: [{ id: 'main', argv: ['/venv/bin/python'], env: {}, reasons: {} }],
      }) as unknown as RankPlan,
  );
  const attempt = {
    epoch: 1,
    plan: { specHash: 's', ranks },
    ranks: ranks.map(({ rank, nodeId }) => ({ rank, nodeId })),
  } as unknown as AttemptRecord;
  const equal = hubOf([{ name: 'a' }, { name: 'b' }, { name: 'c' }]);
  const unequal = hubOf([{ name: 'a' }, { name: 'b', digest: 'other' }, { name: 'c' }]);
  t.equal((await sendPrepare(equal, 'd', attempt, KEYS)).ending, null);
  t.match((await sendPrepare(unequal, 'd', attempt, KEYS)).ending, {
    cause: 'refused',
    rank: 1,
    failure: {
      code: 'WEIGHTS_CORRUPT',
      message: /^weights-corrupt: .*model\.safetensors differs: .* on a, c; .* on b/,
    },
  });
  t.equal(
    await gangModelDifference(hubOf([{ name: 'a' }, { name: 'b', silent: true }]), ranks.slice(0, 2)),
    null,
    'silence is no difference',
  );
  t.equal(
    await gangModelDifference(
      unequal,
      ranks.map((plan) => ({ ...plan, engine: 'command' as const })),
    ),
    null,
    'only engines that load models',
  );
});
