/** Models on two nodes as an operator handles them: real coordinator, agents, dsr1ctl; a hub on loopback with the real `hf`. */
import {
  closeSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ModelOnNode, ModelReport } from '@dsr1/shared/weights/api';
import { BLOCK_BYTES } from '@dsr1/shared/weights/model';
import { type Test, test } from 'tap';
import { aModel, safetensors, shardName } from '../../packages/agent/test/helpers/a-model.ts';
import { fakeHub } from '../../packages/agent/test/helpers/fake-hub.ts';
import { eventually, run, start } from './programs.ts';

const NODES = ['gpu-1', 'gpu-2'] as const;
const SECOND = shardName(1, 2);
const [hf] = globSync(join(process.env.DSR1_CACHE ?? join(homedir(), '.cache/dsr1'), 'engines/*/bin/hf'));

/**
 * Both agents share this machine's file system: a folder with a link of its own below each node's `HOME` cannot stand
 * for two disks, so every node has its own mount namespace, in which `/models` of the test is its own folder.
 */
const NEEDS_ROOT = process.getuid?.() === 0 ? false : 'mount namespaces need root';

test('models on two nodes', { skip: NEEDS_ROOT, timeout: 170_000 }, async (t) => {
  const home = mkdtempSync(join(tmpdir(), 'dsr1-models-'));
  t.teardown(() => rmSync(home, { recursive: true, force: true }));
  const shown = join(home, 'models');
  const disk = (node: string): string => join(home, `disk-${node}`);
  for (const node of NODES)
    aModel(join(disk(node), 'tiny'), { shards: 2, tensorsPerShard: 2, elements: 1000 });
  const { ctl } = await clusterIn(t, home, shown, disk);
  const path = join(shown, 'tiny');
  const verify = async (...flags: string[]) => {
    const said = await ctl('model', 'verify', path, '--json', ...flags);
    return { ...said, report: JSON.parse(said.out || 'null') as ModelReport };
  };

  await t.test('whole and equal', async (t) => {
    const said = await ctl('model', 'verify', path);
    t.equal(said.code, 0, said.err);
    t.match(said.out, /gpu-1 .* complete by its headers.*the same on 2 nodes by names, sizes and headers/s);
    t.match(await ctl('model', 'verify', path, '--full'), {
      code: 0,
      out: /every byte read .* ago.*the same on 2 nodes, to the byte/s,
      err: /gpu-1 .* 100 %/,
    });
    t.match(await ctl('model', 'ls'), { code: 0, out: /gpu-2 .*tiny .*a folder .*every byte read/ });
  });

  await t.test('a byte that differs is named by file and offset', async (t) => {
    const fill = (node: string): string => {
      const file = join(disk(node), 'tiny', SECOND);
      writeFileSync(
        file,
        safetensors(
          ['model.layers.1.mlp.experts.0.up_proj.weight', 'model.layers.1.mlp.experts.1.up_proj.weight'],
          20_000_000,
        ),
      );
      return file;
    };
    fill('gpu-1');
    const file = fill('gpu-2');
    const offset = BLOCK_BYTES + 12_345;
    const fd = openSync(file, 'r+');
    writeSync(fd, Buffer.from([0x55]), 0, 1, offset);
    closeSync(fd);
    t.match((await verify()).report.differences, [], 'headers are equal');
    const { code, report } = await verify('--full');
    t.equal(code, 1);
    t.match(report.differences, [
      {
        file: SECOND,
        node: null,
        offset,
        message: /between gpu-1 and gpu-2, first in byte 67121209; nothing tells/,
      },
    ]);
  });

  await t.test('a half-copied shard and other revisions', async (t) => {
    truncateSync(join(disk('gpu-2'), 'tiny', SECOND), 1_000_000);
    const { code, report } = await verify();
    t.equal(code, 1);
    t.match(report.nodes.find(({ node }) => node === 'gpu-2')?.status?.problems, [
      { category: 'weights-corrupt', file: SECOND, offset: 1_000_000, message: /truncated/ },
    ]);
    t.match(await ctl('model', 'verify', path), {
      code: 1,
      out: /gpu-2: weights-corrupt: .* is truncated/,
      err: /CHECK_FAILED/,
    });
    t.match(await ctl('model', 'verify', join(shown, 'none')), {
      code: 1,
      out: /gpu-1: model-files-missing: .* is no folder/,
    });
    t.match(await ctl('model', 'verify', 'relative'), { code: 2, err: /path/ });
    const deploy = (name: string) =>
      ctl(
        'deploy',
        '--name',
        name,
        '--engine',
        'vllm',
        '--model',
        path,
        '--nodes',
        NODES.join(),
        '--gpus-per-node',
        '0',
        '--yes',
      );
    t.match(await deploy('cut'), {
      code: 7,
      err: /rank 1 \(gpu-2\) did not prepare: weights-corrupt: .*truncated.*WEIGHTS_CORRUPT/,
    });
    cpSync(join(disk('gpu-1'), 'tiny', SECOND), join(disk('gpu-2'), 'tiny', SECOND));
    writeFileSync(join(disk('gpu-2'), 'tiny/config.json'), '{"architectures":["Other"]}');
    t.match(await deploy('other'), {
      code: 7,
      err: /do not hold the same model: config\.json differs: .* on gpu-1; .* on gpu-2/,
    });
    t.match(await ctl('model', 'rm', path, '-y'), { code: 0, out: /forgotten; its files stay/ });
    t.ok(existsSync(join(disk('gpu-1'), 'tiny/config.json')));
  });

  await t.test(
    'pull to both, and remove',
    { skip: hf === undefined ? 'no engine environment with `hf`' : false },
    async (t) => {
      const files = aModel(join(home, 'origin'), { shards: 2, tensorsPerShard: 2, elements: 1000 });
      const hub = await fakeHub(t, 'org/name', files);
      hub.token = 'hf_secret';
      writeFileSync(join(home, 'token-hf'), 'hf_secret\n');
      const to = join(shown, 'name');
      const pull = (...flags: string[]) =>
        ctl('model', 'pull', 'org/name', '--to', to, '--endpoint', hub.url, ...flags);
      t.match(await pull(), { code: 1, out: /pull failed: hub-auth/, err: /failed on gpu-1, gpu-2/ });
      const pulled = await pull('--token-file', join(home, 'token-hf'), '--json');
      t.equal(pulled.code, 0, pulled.err);
      for (const { status } of JSON.parse(pulled.out) as ModelOnNode[]) {
        t.match(status, { source: { revision: hub.commit }, problems: [], job: { state: 'done' } });
      }
      for (const node of NODES)
        t.ok(readFileSync(join(disk(node), 'name', SECOND)).equals(files.get(SECOND) ?? Buffer.alloc(0)));

      const wrong = join(disk('gpu-1'), 'name', SECOND);
      const { atime, mtime } = statSync(wrong);
      const fd = openSync(wrong, 'r+');
      writeSync(fd, Buffer.from([0x55]), 0, 1, 777);
      closeSync(fd);
      utimesSync(wrong, atime, mtime);
      const full = await ctl('model', 'verify', to, '--full');
      t.match(full, {
        code: 1,
        out: /gpu-1: weights-corrupt: .* has SHA-256 .*is wrong on gpu-1, first in byte 777; gpu-2 has the right one/s,
      });
      t.match(await ctl('model', 'rm', to, '-y'), { code: 0, out: /gpu-1: .* removed/ });
      t.notOk(existsSync(join(disk('gpu-1'), 'name')));
    },
  );
});

async function clusterIn(t: Test, home: string, shown: string, disk: (node: string) => string) {
  const ctl = (...args: string[]) => run('ctl', args, { HOME: home });
  const state = join(home, 'coordinator');
  const coordinator = start(t, 'coordinator', [
    ...['--state-dir', state, '--listen', '127.0.0.1'],
    ...['--http-port', '0', '--join-port', '0', '--session-port', '0'],
  ]);
  const [, port = ''] = await eventually(
    () => /^API https:\/\/127\.0\.0\.1:(\d+)/m.exec(coordinator.said()),
    'the coordinator',
  );
  const init = await ctl(
    'init',
    '--no-service',
    '--json',
    '--listen',
    '127.0.0.1',
    '--http-port',
    port,
    '--state-dir',
    state,
  );
  const [, server = ''] = /--server (\S+)/.exec(JSON.parse(init.out).joinLine) ?? [];
  plannedVllm(join(home, 'venv'));
  for (const [index, node] of NODES.entries()) {
    const token = JSON.parse((await ctl('token', 'create', '--json')).out).token;
    writeFileSync(join(home, 'token'), token);
    const where = ['--server', server, '--token-file', join(home, 'token')];
    const joined = await ctl(
      'join',
      ...where,
      '--name',
      node,
      '--state-dir',
      join(home, node),
      '--no-service',
    );
    t.equal(joined.code, 0, joined.err);
    const engines = ['--engine-roots', join(home, 'venv')];
    const clients = hf === undefined ? [] : ['--hub-clients', dirname(hf)];
    start(
      t,
      'agent',
      ['--state-dir', join(home, node), '--node-ip', `127.0.0.4${index}`, ...engines, ...clients],
      {
        under: [
          'unshare',
          '--mount',
          'sh',
          '-c',
          'mkdir -p "$1" && mount --bind "$0" "$1" && shift && exec "$@"',
          disk(node),
          shown,
        ],
      },
    );
  }
  await eventually(
    async () => (await ctl('node', 'list')).out.match(/online/g)?.length === NODES.length,
    'both nodes',
  );
  return { ctl };
}

/** An environment that can be planned with: no launch gets as far as starting it. */
function plannedVllm(prefix: string): void {
  mkdirSync(join(prefix, 'lib/python3.12/site-packages/vllm-0.32.0.dist-info'), { recursive: true });
  mkdirSync(join(prefix, 'bin'));
  for (const name of ['python', 'vllm']) {
    writeFileSync(join(prefix, 'bin', name), '#!/bin/false\n', { mode: 0o755 });
  }
}
