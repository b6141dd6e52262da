import { execFileSync } from 'node:child_process';
import { chmodSync, createWriteStream, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createArchive } from '@dsr1/ctl/fabric/archive';
import { dumpOf, readSources } from '@dsr1/ctl/fabric/read-dump';
import { unpackTexts } from '@dsr1/ctl/fabric/tar';
import { Dsr1Error } from '@dsr1/shared/errors';
import { maskText } from '@dsr1/shared/fabric/collect/mask';
import { explainDump } from '@dsr1/shared/fabric/explain';
import { explanationJson } from '@dsr1/shared/fabric/explain-json';
import { test } from 'tap';
import { fakeCoordinator } from './helpers/fake-coordinator.ts';
import { runCtl } from './helpers/fake-io.ts';
import { aDeployment, aNode, aPlan, aRankPlan } from './helpers/values.ts';

const POLICY = { transport: 'auto', ncclVersion: null, gpuRanks: true, overrides: {} } as const;
const NOTHING = { stdin: Readable.from([]), interrupted: new AbortController().signal };
const readDump = async (path: string) => dumpOf(await readSources(path, NOTHING), path);

const texts = (host: number) => ({
  ibdev2netdev: 'mlx5_0 port 1 ==> ens1 (Up)\n',
  show_gids: `mlx5_0 1 3 0000:0000:0000:0000:0000:ffff:0a00:000${host} 10.0.0.${host} v2 ens1\nn_gids_found=1\n`,
});
const answer = (host: number) => ({
  texts: texts(host),
  missing: [{ tool: 'rdma link', reason: 'not installed' }],
});
const offline = new Dsr1Error('NODE_OFFLINE', 'node gpu3 has no live session');
const ROUTES = {
  'GET /nodes': [aNode(), aNode({ name: 'gpu2' }), aNode({ name: 'gpu3' })],
  'POST /nodes/gpu1/fabric-texts': answer(1),
  'POST /nodes/gpu2/fabric-texts': answer(2),
  'POST /nodes/gpu3/fabric-texts': offline,
};

const unpacked = (path: string) => unpackTexts(readFileSync(path));
const explained = async (path: string) =>
  explanationJson(explainDump(await readDump(path), POLICY)) as {
    nodes: Record<string, { hca: string[]; gid_index: object }>;
  };

test('collect from nodes: a folder each, who gave nothing is named, and explain reads it', async (t) => {
  const home = t.testdir();
  const { received } = await fakeCoordinator(t, home, ROUTES);
  const two = await runCtl(['fabric', 'collect', '--nodes', 'gpu1,gpu2', '-o', 'b.tar.gz', '--mask'], {
    home,
  });
  t.match(two, { code: 0, out: /b\.tar\.gz: 2 nodes/, err: /gpu1: 2 files/ });
  t.match(two.out, /gpu2 without rdma link: not installed/);
  t.same(received.find(({ path }) => path.endsWith('gpu1/fabric-texts'))?.body, { mask: true });
  t.match((await explained(join(home, 'b.tar.gz'))).nodes, {
    gpu1: { hca: ['mlx5_0'], gid_index: { mlx5_0: 3 } },
    gpu2: { hca: ['mlx5_0'] },
  });
  execFileSync('tar', ['xzf', join(home, 'b.tar.gz'), '-C', home]);
  t.equal(readFileSync(join(home, 'gpu2/show_gids.txt'), 'utf8'), texts(2).show_gids);

  const all = await runCtl(['fabric', 'collect', '--all', '--json'], { home });
  t.match(all, { code: 8, err: /1 of 3 nodes gave nothing: gpu3 \(node gpu3 has no live session\)/ });
  const manifest = JSON.parse(unpacked(join(home, 'dsr1-fabric-nodes.tar.gz')).get('dump.json') ?? '');
  t.match(manifest, {
    nodes: [{ name: 'gpu1' }, { name: 'gpu2' }],
    absent: [{ node: 'gpu3', reason: 'node gpu3 has no live session' }],
  });
  const none = await runCtl(['fabric', 'collect', '--nodes', 'gpu3', '-o', 'none.tar.gz'], { home });
  t.match(none, { code: 8, err: /1 of 1 nodes gave nothing/ });
  t.match(await runCtl(['fabric', 'collect', '--all', '--nodes', 'gpu1'], { home }), {
    err: /found several/,
  });
  t.same(
    readdirSync(home).filter((name) => /none|partial/.test(name)),
    [],
  );
});

test('collect of a deployment holds its plan and the tails of its logs: diagnose and explain have both', async (t) => {
  const home = t.testdir();
  const closed = 'gpu2:7:7 [0] NCCL WARN ibv_reg_mr_iova2 failed with error Cannot allocate memory';
  const process = { id: 'main', argv: ['/bin/true'], env: { NCCL_IB_HCA: '=mlx5_9:1' }, reasons: {} };
  const planned = { ...aRankPlan(1), processes: [process] };
  const detail = aDeployment({
    message: 'rank 1 failed first',
    plan: { ...aPlan(), ranks: [aRankPlan(0), planned] },
    spec: { name: 'r1', engine: { kind: 'rehearsal', env: { HF_TOKEN: 'hidden' } } },
  });
  await fakeCoordinator(t, home, {
    ...ROUTES,
    'GET /deployments/r1': detail,
    'GET /deployments/r1/logs': ({ query }: { query: { rank: string } }) =>
      query.rank === '1' ? `from 8.8.4.4\n${closed}\n` : 'NCCL INFO Bootstrap : Using ens1:10.0.0.1<0>\n',
  });
  t.match(await runCtl(['fabric', 'collect', '--deployment', 'r1', '--mask'], { home }), { code: 0 });
  const path = join(home, 'dsr1-fabric-r1.tar.gz');
  const files = unpacked(path);
  t.match(files.get('gpu2/rank1.log'), closed);
  t.match(files.get('gpu2/rank1.log'), 'from x.x.4.4');
  t.match(JSON.parse(files.get('deployment.json') ?? ''), {
    name: 'r1',
    plan: { ranks: [{ rank: 0 }, { rank: 1 }] },
  });
  t.notMatch([...files.values()].join(), 'hidden');
  t.match(await runCtl(['fabric', 'explain', path], { home }), { out: /\[memlock\]/ });
  t.match(await runCtl(['fabric', 'explain', path], { home }), {
    out: /NCCL_IB_HCA==mlx5_9:1: .*\[hca-name-mismatch\]/,
  });
  t.match(await runCtl(['diagnose', path], { home }), { code: 0, out: /memlock[\s\S]*gpu2\/rank1\.log:2/ });
  mkdirSync(join(home, 'dir'));
  execFileSync('tar', ['xzf', path, '-C', join(home, 'dir')]);
  t.match(await runCtl(['diagnose', 'dir'], { home }), { code: 0, out: /memlock[\s\S]*gpu2\/rank1\.log:2/ });
});

test('Ctrl-C, a full disk and a place that cannot be written leave no half file', async (t) => {
  const home = t.testdir({ kept: 'old' });
  const interrupt = new AbortController();
  await fakeCoordinator(t, home, {
    ...ROUTES,
    'POST /nodes/gpu2/fabric-texts': async () => {
      interrupt.abort();
      return answer(2);
    },
  });
  const line = ['fabric', 'collect', '--nodes', 'gpu1,gpu2', '-o', 'kept'];
  t.equal((await runCtl(line, { home, interrupted: interrupt.signal })).code, 130);
  t.equal(readFileSync(join(home, 'kept'), 'utf8'), 'old');
  t.match(await runCtl(['fabric', 'collect', '--nodes', 'gpu1', '-o', 'no/such/x'], { home }), {
    code: 2,
    err: /no\/such\/x, but it failed \(ENOENT\)/,
  });
  const full = createArchive(join(home, 'kept'), 0, () => createWriteStream('/dev/full'));
  const noise = new Map([['gpu1/a.txt', 'x'.repeat(4_000_000)]]);
  const filled = full.add(noise).then(() => full.finish());
  await t.rejects(filled, { code: 'DISK_FULL', message: /kept, but the disk is full/ });
  await full.discard();
  t.equal(readFileSync(join(home, 'kept'), 'utf8'), 'old');
  t.same(
    readdirSync(home).filter((name) => name.includes('partial')),
    [],
  );
});

test('without a coordinator: this host, by its own agent', async (t) => {
  const home = t.testdir({ bin: {}, lib: {} });
  const agent = join(home, 'bin/dsr1-agent');
  writeFileSync(
    agent,
    `#!/bin/sh\necho "$@" >${home}/argv\ncat <<'END'\n${JSON.stringify(answer(1))}\nEND\n`,
  );
  chmodSync(agent, 0o755);
  const programPath = join(home, 'lib/ctl.mjs');
  const ran = await runCtl(['fabric', 'collect', '--mask', '-o', 'x.tgz'], { home, programPath });
  t.match(ran, { code: 0, out: /x\.tgz: 1 node;[\s\S]* without rdma link: not installed/ });
  t.equal(readFileSync(join(home, 'argv'), 'utf8'), 'collect --mask\n');
  const { nodes } = await explained(join(home, 'x.tgz'));
  t.match(Object.values(nodes), [{ hca: ['mlx5_0'] }]);
});

test('archives are those of tar', async (t) => {
  const root = t.testdir();
  const files = new Map([
    ['dump.json', '{}'],
    [`${'n'.repeat(120)}/b.txt`, 'x'.repeat(1500)],
    ['a/empty.txt', ''],
  ]);
  const path = join(root, 'x.tar.gz');
  const archive = createArchive(path, 1_700_000_000);
  await archive.add(files);
  await archive.finish();
  t.same(unpacked(path), files);
  execFileSync('tar', ['xzf', path, '-C', root]);
  execFileSync('tar', ['czf', join(root, 'y.tar.gz'), '-C', root, './dump.json', './a']);
  const again = await readDump(join(root, 'y.tar.gz')).catch((error) => error);
  t.match(again, { code: 'CONFIG_INVALID' }, 'the manifest of another tar is found, and {} is none');
  writeFileSync(join(root, 'z.tar.gz'), Buffer.from([0x1f, 0x8b, 1, 2, 3]));
  await t.rejects(readDump(join(root, 'z.tar.gz')), { code: 'INVALID_ARGUMENT' });
  await t.rejects(readDump(join(root, 'nothing')), { code: 'NOT_FOUND' });
});

test('public addresses are masked, also inside GIDs; private ones stay', async (t) => {
  t.equal(maskText('inet 8.8.4.4/24 brd 8.8.4.255'), 'inet x.x.4.4/24 brd x.x.4.255');
  t.equal(maskText('inet 10.1.2.3/24 netmask 255.255.255.0'), 'inet 10.1.2.3/24 netmask 255.255.255.0');
  t.equal(maskText('0000:0000:0000:0000:0000:ffff:0808:0404'), '0000:0000:0000:0000:0000:ffff:xxxx:0404');
  t.equal(maskText('::ffff:0a00:0001 fe80::1 fd00::2'), '::ffff:0a00:0001 fe80::1 fd00::2');
  t.equal(maskText('inet6 2001:db8:1:2::5/64'), 'inet6 xxxx:xxxx:1:2::5/64');
  t.equal(
    maskText('<uuid>GPU-f2234c3b-4df2-090b-5346-756930d62ab4</uuid><serial>12</serial>'),
    '<uuid>GPU-masked</uuid><serial>masked</serial>',
  );
  t.equal(maskText('580.159.04 aa:bb:cc:dd:ee:ff'), '580.159.04 aa:bb:cc:dd:ee:ff');
});
