import { gzipSync } from 'node:zlib';
import { Dsr1Error } from '@dsr1/shared/errors';
import type { CheckReport } from '@dsr1/shared/fabric/check/model';
import type { NodeFacts } from '@dsr1/shared/facts/node';
import { test } from 'tap';
import type { Ask } from '../src/checks/ask.ts';
import { createChecks } from '../src/checks/checks.ts';
import type { RunDeps } from '../src/checks/run.ts';
import { createCheckRuns } from '../src/checks/runs.ts';
import { createCollectFabricTexts } from '../src/nodes/fabric-texts.ts';
import type { NodeView } from '../src/nodes/hub.ts';
import type { FigureRow } from '../src/store/store.ts';
import { defaultRoute, ether, factsOf, roce } from './support/hosts.ts';

/** Host number = position of its letter: management beside one rail. */
function hostFacts(name: string): NodeFacts {
  const host = name.charCodeAt(0);
  return factsOf({
    name,
    netdevs: [ether('eth0', `10.0.0.${host}`), ether('rail0', `10.1.0.${host}`)],
    routes: [defaultRoute('eth0', '10.0.0.254')],
    hcas: [roce('mlx5_1', 'rail0', `10.1.0.${host}`)],
  });
}

const view = (name: string): NodeView => ({
  id: `id-${name}`,
  name,
  state: 'online',
  cordoned: false,
  facts: hostFacts(name),
  bootId: null,
  sessionId: null,
  reported: true,
  ranks: [],
});

/** Agents whose paths all work, at `gigabits`; `silent` ones answer nothing. */
function fakeAsk(gigabits: () => number, silent: () => string, asked: string[]): Ask {
  return (async (
    nodeId: string,
    name: string,
    request: { id?: string; own?: { node: string }[]; peer?: { node: string }[] },
  ) => {
    asked.push(`${nodeId} ${name}`);
    if (nodeId === silent()) throw new Dsr1Error('TIMEOUT', 'the node did not answer');
    if (name === 'look') return { wallMs: 0, tools: ['ib_write_bw'], lookups: [] };
    if (name === 'serve') return { tcp: [], verbs: [] };
    if (name === 'end') return { counted: [] };
    const [from, to] = [request.own?.[0]?.node ?? '', request.peer?.[0]?.node ?? ''];
    const blank = {
      from,
      to,
      rail: 0,
      outcome: 'pass',
      detail: '',
      microseconds: null,
      packets: null,
      reachedRails: [],
    };
    return {
      results: [
        { ...blank, test: 'tcp', tool: null, gigabitsPerSecond: null },
        { ...blank, test: 'verbs', tool: 'ib_write_bw', gigabitsPerSecond: gigabits() },
      ],
    };
  }) as unknown as Ask;
}

function fixture(nodes: readonly NodeView[]) {
  const world = { gigabits: 100, silent: '', asked: [] as string[], kept: new Map<string, FigureRow>() };
  const deps: RunDeps = {
    ask: fakeAsk(
      () => world.gigabits,
      () => world.silent,
      world.asked,
    ),
    collect: async (id) => {
      if (id === world.silent) throw new Dsr1Error('TIMEOUT', 'the node did not answer');
      return nodes.find((node) => node.id === id) as never;
    },
    figures: {
      of: async (subjects) => [...world.kept.values()].filter(({ subject }) => subjects.includes(subject)),
      keep: async (figures) => {
        for (const row of figures) world.kept.set(`${row.subject} ${row.figure}`, row);
      },
    },
    clock: { wallMs: () => 0, monotonicMs: () => 0 },
  };
  const runs = createCheckRuns(deps);
  const checks = createChecks({
    runs,
    nodes: () => nodes,
    deployments: {
      get: async () => {
        throw new Dsr1Error('DEPLOYMENT_NOT_FOUND', 'there is no deployment x');
      },
    },
    events: { record: () => {} },
  });
  const finished = async ({ id }: CheckReport): Promise<CheckReport> => {
    for (let tries = 0; tries < 200 && checks.get(id).state === 'running'; tries++)
      await new Promise(setImmediate);
    return checks.get(id);
  };
  return { world, checks, runs, finished };
}

test('every pair is tested both ways, and the next check is compared with the best figures', async (t) => {
  const { world, checks, finished } = fixture(['a', 'b', 'c', 'd'].map(view));
  const first = await finished(await checks.start({ nodes: ['a', 'b', 'c', 'd'] }));
  t.equal(first.state, 'done', first.message);
  t.equal(world.asked.filter((line) => line.endsWith('dial')).length, 12);
  t.ok(
    first.figures.length === 13 && first.figures.every(({ baseline }) => baseline === null),
    'twelve pairs and the gang',
  );
  world.gigabits = 50;
  const second = await finished(await checks.start({ nodes: ['a', 'b', 'c', 'd'] }));
  t.ok(second.figures.every(({ value, baseline }) => value === 50 && baseline === 100));
  t.equal(second.findings.filter(({ category }) => category === 'slower-than-before').length, 12);
  t.ok(
    [...world.kept.values()].every(({ value }) => value === 100),
    'the best is kept',
  );
});

test('a node that does not answer is named, and the others are tested without it', async (t) => {
  const { world, checks, finished } = fixture(['a', 'b', 'c'].map(view));
  world.silent = 'id-c';
  const report = await finished(await checks.start({ nodes: ['a', 'b', 'c'] }));
  t.equal(report.state, 'done');
  t.match(report.findings.find(({ category }) => category === 'node-silent')?.culprit, { nodes: ['c'] });
  t.equal(world.asked.filter((line) => line.endsWith('dial')).length, 2);
});

test('wrong targets and a second check of a node are refused', async (t) => {
  const { checks, finished } = fixture(['a', 'b'].map(view));
  await t.rejects(checks.start({}), { code: 'INVALID_ARGUMENT' });
  await t.rejects(checks.start({ nodes: ['z'] }), { code: 'NODE_NOT_FOUND' });
  await t.rejects(checks.start({ deployment: 'x' }), { code: 'DEPLOYMENT_NOT_FOUND' });
  const running = await checks.start({ nodes: ['a', 'b'] });
  await t.rejects(checks.start({ nodes: ['b'] }), { code: 'NODE_BUSY' });
  await finished(running);
  t.equal((await finished(await checks.start({ nodes: ['b'] }))).state, 'done');
  t.throws(() => checks.get('none'), { code: 'NOT_FOUND' });
  t.strictSame(
    (await checks.picture({ nodes: ['a', 'b'] })).nodes.map(({ name }) => name),
    ['a', 'b'],
  );
});

test('texts for a bundle are unpacked, and an answer of another form is refused', async (t) => {
  const node = { texts: { 'ip-a': 'inet 10.0.0.1/24' }, missing: [] };
  let probe: unknown = { gzip: gzipSync(JSON.stringify(node)).toString('base64') };
  const asked: unknown[] = [];
  const registry = { find: (name: string) => ({ row: { id: `id-${name}`, name } }) as never };
  const send = async (id: string, { action }: { action: unknown }) => {
    asked.push([id, action]);
    return { commandId: '', failure: null, prepared: null, probe };
  };
  const texts = createCollectFabricTexts(registry, { send });
  t.same(await texts('a', true), node);
  t.same(asked, [['id-a', { kind: 'probe', probe: 'fabric.collect', arguments: { mask: true } }]]);
  for (const wrong of ['x', gzipSync('{}').toString('base64'), gzipSync('{').toString('base64'), 7]) {
    probe = { gzip: wrong };
    await t.rejects(texts('a', false), { code: 'VERSION_SKEW', message: /fabric\.collect of a/ });
  }
});
