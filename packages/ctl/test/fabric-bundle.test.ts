import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { collectTexts } from '@dsr1/ctl/fabric/collect';
import { maskText } from '@dsr1/ctl/fabric/mask';
import { readDump } from '@dsr1/ctl/fabric/read-dump';
import { packTexts, unpackTexts } from '@dsr1/ctl/fabric/tar';
import { explainDump } from '@dsr1/shared/fabric/explain';
import { explanationJson } from '@dsr1/shared/fabric/explain-json';
import { test } from 'tap';

const POLICY = { transport: 'auto', ncclVersion: null, gpuRanks: true, overrides: {} } as const;
const NOTHING = Readable.from([]);

const TOOLS = {
  ibdev2netdev: 'echo "0000:18:00.0 mlx5_0 (MT4129 - X) text fw 28.1 port 1 (ACTIVE) ==> ens1 (Up)"',
  show_gids:
    'echo "mlx5_0 1 3 0000:0000:0000:0000:0000:ffff:0a00:0001 10.0.0.1 v2 ens1"; echo n_gids_found=1; exit 3',
  rdma: 'exec sleep 600',
};

function fakeTools(folder: string): string {
  mkdirSync(folder);
  for (const [name, script] of Object.entries(TOOLS)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  return `${folder}:/usr/bin:/bin`;
}

test('collect keeps what tools said, names those that did not, and replays with the same result', async (t) => {
  const root = t.testdir();
  const env = {
    PATH: fakeTools(join(root, 'bin')),
    NCCL_IB_HCA: 'mlx5_0',
    VLLM_API_KEY: 'secret',
    HOME: '/',
  };
  const { texts, missing } = await collectTexts({ host: 'gpu1', env, mask: false, timeoutMs: 500 });
  t.match(
    missing.find(({ tool }) => tool === 'rdma link'),
    { reason: 'no answer in time' },
  );
  t.match(
    missing.find(({ tool }) => tool === 'show_gids'),
    { reason: 'ended with 3' },
    'what it printed counts',
  );
  t.match(texts.get('gpu1/env.txt'), /NCCL_IB_HCA=mlx5_0/);
  t.notMatch(texts.get('gpu1/env.txt'), /secret/);

  const path = join(root, 'bundle.tar.gz');
  writeFileSync(path, packTexts(texts, 0));
  for (const [file, text] of texts) {
    mkdirSync(join(root, 'dir', 'gpu1'), { recursive: true });
    writeFileSync(join(root, 'dir', file), text);
  }
  const [bundle, folder] = await Promise.all([readDump(path, NOTHING), readDump(join(root, 'dir'), NOTHING)]);
  const answers = [bundle, folder].map((dump) => explanationJson(explainDump(dump, POLICY)));
  t.same(answers[0], answers[1]);
  t.match((answers[0] as { nodes: object }).nodes, { gpu1: { hca: ['mlx5_0'], gid_index: { mlx5_0: 3 } } });
});

test('archives are those of tar', async (t) => {
  const root = t.testdir();
  const texts = new Map([
    ['dump.json', '{}'],
    ['a/b.txt', 'x'.repeat(1500)],
    ['a/empty.txt', ''],
  ]);
  const path = join(root, 'x.tar.gz');
  writeFileSync(path, packTexts(texts, 1_700_000_000));
  t.same(unpackTexts(packTexts(texts, 0)), texts);
  execFileSync('tar', ['xzf', path, '-C', root]);
  execFileSync('tar', ['czf', join(root, 'y.tar.gz'), '-C', root, './dump.json', './a']);
  const again = await readDump(join(root, 'y.tar.gz'), NOTHING).catch((error) => error);
  t.match(again, { code: 'CONFIG_INVALID' }, 'the manifest of another tar is found, and {} is none');
  writeFileSync(join(root, 'z.tar.gz'), Buffer.from([0x1f, 0x8b, 1, 2, 3]));
  await t.rejects(readDump(join(root, 'z.tar.gz'), NOTHING), { code: 'INVALID_ARGUMENT' });
  await t.rejects(readDump(join(root, 'nothing'), NOTHING), { code: 'NOT_FOUND' });
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
