/** `dsr1ctl fabric explain` as somebody meets it who has only pasted texts. */
import { execFileSync } from 'node:child_process';
import { createWriteStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { test } from 'tap';
import { runCtl } from './helpers/fake-io.ts';

const TABLE = 'mlx5_0 port 1 ==> ens1 (Up)\n';
const GIDS = 'mlx5_0 1 3 0000:0000:0000:0000:0000:ffff:0a00:0001 10.0.0.1 v2 ens1\nn_gids_found=1\n';
const PROMPT = `root@gpu1:~# ibdev2netdev\n${TABLE}root@gpu1:~# show_gids\n${GIDS}`;
const LOG = [
  'gpu9:7:7 [0] NCCL INFO Bootstrap : Using eno3:10.1.0.9<0>',
  'gpu9:7:8 [0] NCCL INFO NET/Socket : Using [0]eno3:10.1.0.9<0> [1]lxcbr0:10.0.3.1<0> [2]tailscale0:100.72.2.3<0>',
  'gpu9:7:8 [0] NCCL INFO Using network Socket',
  '',
].join('\n');

test('one file, one answer: standard input, paths of any spelling, a pipe, a folder, compressed, UTF-16', async (t) => {
  for (const text of [TABLE, PROMPT, LOG, `${TABLE}${LOG}`]) {
    const home = t.testdir({ 'session-5.txt': text, alone: { 'session-5.txt': text }, work: {} });
    writeFileSync(join(home, 'session-5.txt.gz'), gzipSync(text));
    writeFileSync(join(home, 'wide.txt'), Buffer.from(`\ufeff${text}`, 'utf16le'));
    writeFileSync(join(home, 'wider.txt'), Buffer.from(`\ufeff${text}`, 'utf16le').swap16());
    execFileSync('mkfifo', [join(home, 'pipe')]);
    const ask = async (path: string, at = home, input?: string) => {
      const ran = await runCtl(['fabric', 'explain', path, '--json'], {
        home: at,
        ...(input === undefined ? {} : { input }),
      });
      t.equal(ran.code, 0, ran.err);
      const { files: _, nccl, ...answer } = JSON.parse(ran.out);
      return { ...answer, nccl: nccl.map((log: object) => ({ ...log, file: '' })) };
    };
    const want = await ask('-', home, text);
    for (const path of ['session-5.txt', `${home}/session-5.txt`, './alone/../session-5.txt', 'alone'])
      t.same(await ask(path), want, path);
    t.same(await ask('../session-5.txt', join(home, 'work')), want, 'from elsewhere');
    for (const path of ['session-5.txt.gz', 'wide.txt', 'wider.txt']) t.same(await ask(path), want, path);
    createWriteStream(join(home, 'pipe')).end(text);
    t.same(await ask('pipe'), want, 'a pipe');
  }
});

test('nothing to read is an error that says what was read and what to paste', async (t) => {
  const home = t.testdir({ 'e.txt': '', 'prose.txt': 'It hangs.\n', folder: {}, 'b.bin': 'a\0b' });
  for (const [path, read] of [
    ['e.txt', /e\.txt \(0 bytes, empty\)/],
    ['prose.txt', /prose\.txt \(10 bytes, text\)/],
    ['b.bin', /b\.bin \(3 bytes, binary\)/],
    ['folder', /read no file/],
    ['-', /standard input/],
  ] as const) {
    const ran = await runCtl(['fabric', 'explain', path], { home });
    t.match(ran, { code: 2, out: '', err: /\[INVALID_ARGUMENT\]/ }, path);
    t.match(ran.err, read);
    t.match(ran.err, /paste: ip -4 a; ibdev2netdev; show_gids/);
  }
  const json = await runCtl(['fabric', 'explain', 'e.txt', '--json'], { home });
  t.equal(json.code, 2);
  t.same(JSON.parse(json.out).nodes, {}, 'a program gets its object');
  t.match(await runCtl(['fabric', 'explain', 'nowhere'], { home }), {
    code: 5,
    err: /\[NOT_FOUND\]\nnext: /,
  });
  t.match(await runCtl(['fabric', 'explain', '/dev/null'], { home }), { code: 2, err: /device or socket/ });
  t.match(await runCtl(['fabric', 'explain', '-', '--nccl', 'foo'], { home }), {
    code: 2,
    err: /expected a version such as 2\.27\.5/,
  });
  writeFileSync(join(home, 'cut.tar.gz'), gzipSync('x'.repeat(9999)).subarray(0, 20));
  t.match(await runCtl(['fabric', 'explain', 'cut.tar.gz'], { home }), { code: 2, err: /gzip -t/ });
});

test('an unreadable file is named', { skip: process.getuid?.() === 0 && 'root may read all' }, async (t) => {
  const home = t.testdir({ folder: { 'x.txt': TABLE } });
  writeFileSync(join(home, 'folder/y.txt'), TABLE, { mode: 0 });
  for (const path of ['folder', 'folder/y.txt'])
    t.match(await runCtl(['fabric', 'explain', path], { home }), {
      code: 4,
      err: /y\.txt.*\[FORBIDDEN\]\nnext: /,
    });
});

test('a pipe to which nobody writes ends with Ctrl-C or SIGTERM', { timeout: 20_000 }, async (t) => {
  const home = t.testdir();
  execFileSync('mkfifo', [join(home, 'pipe')]);
  for (const command of [['fabric', 'explain'], ['diagnose']]) {
    const controller = new AbortController();
    const ran = runCtl([...command, 'pipe'], { home, interrupted: controller.signal });
    setTimeout(() => controller.abort(), 100);
    t.match(await ran, { code: 130, out: '' }, command.join(' '));
  }
});

test('refuse is exit code 7, with the object all the same', async (t) => {
  const home = t.testdir({ 'log.txt': LOG });
  const argv = ['fabric', 'explain', 'log.txt', '--transport', 'rdma'];
  const ran = await runCtl(argv, { home });
  t.match(ran, { code: 7, out: /verdict {2}refuse/, err: /\[PLAN_INFEASIBLE\]/ });
  const json = await runCtl([...argv, '--json'], { home });
  t.equal(json.code, 7);
  t.equal(JSON.parse(json.out).groups.main.verdict, 'refuse');
});

test('files of a folder are hosts of their own', async (t) => {
  const home = t.testdir({ 'gpu1.txt': TABLE, 'gpu2.txt': TABLE });
  const ran = await runCtl(['fabric', 'explain', '.', '--json'], { home });
  t.same(Object.keys(JSON.parse(ran.out).nodes), ['gpu1', 'gpu2']);
});

test('text for people: headers, no empty columns, every reason once, what = means, what went unread', async (t) => {
  const explain = async (text: string) => {
    const { out } = await runCtl(['fabric', 'explain', '-'], { home: t.testdirName, input: text });
    const lines = out.split('\n').map((line) => line.replace(/ {2,}/g, '  ').trim());
    const twice = lines.filter(
      (line, at) => line.length > 30 && !line.startsWith('out') && lines.indexOf(line) !== at,
    );
    t.same(twice, [], 'nothing twice');
    return { out, lines };
  };
  const roce = await explain(
    `${PROMPT}root@gpu1:~# ip -4 a\n2: eth0: <UP,LOWER_UP>\n    inet 10.9.0.1/24 scope global eth0\n3: docker0: <UP,LOWER_UP>\n    inet 172.17.0.1/16 scope global docker0\nwhat is this\n`,
  );
  t.match(
    roce.lines.join('\n'),
    /\nHCA {2}interface {2}address {2}GID {2}rail\nmlx5_0:1 {2}ens1 {2}10\.0\.0\.1 {2}3 {2}0\n/,
  );
  t.notMatch(roce.out, / -( |$)/m, 'no cell is unknown');
  t.match(roce.out, /in NAME==value the second = is NCCL’s own/);
  t.equal(roce.out.split('NCCL’s own').length, 2, 'explained once');
  t.match(roce.out, /out {5}docker0: not for bootstrap: bridge of containers/);
  t.match(roce.out, /unread {3}-: 1 line not understood, first: what is this/);
  t.match(roce.out, /verdict {2}ok over roce\n {2}of this one host/);

  const tcp = await explain(LOG);
  t.match(tcp.out, /out {5}tailscale0: not for bootstrap: virtual private network/);
  t.match(tcp.out, /log {6}- \(gpu9\): transport socket/);
  t.match(tcp.out, /cause {4}NCCL runs over TCP sockets \[tcp-fallback\]\n {2}seen: gpu9/);
  const two = await explain(
    `${LOG}${LOG.replaceAll('gpu9', 'gpu8').replaceAll('eno3', 'eth5').replaceAll('10.1.0.9', '10.1.0.8')}`,
  );
  t.match(two.out, /verdict {2}warn\n {2}the control interface differs per node.*gpu9 eno3; gpu8 eth5/);
  t.match(two.out, /log {6}- \(gpu9, gpu8\): /, 'hosts that say the same share a line');

  const little = await explain(
    'root@gpu1:~# nvidia-smi -L\nGPU 0: NVIDIA H100 (UUID: GPU-00000000-0000-0000-0000-000000000000)\n',
  );
  t.match(little.out, /verdict {2}unknown\n {2}too little to choose a network/);
  const down = await runCtl(['fabric', 'explain', '-', '--transport', 'rdma'], {
    home: t.testdirName,
    input: "CA 'mlx5_0'\n\tPort 1:\n\t\tState: Down\n\t\tLink layer: Ethernet\n",
  });
  t.match(down.out, /node +device +port +link +state\n/, 'columns of which nothing is known are left out');
  t.equal(down.out.split('no usable HCA').length, 2, 'a refusal is no cause besides');
});
