import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { settingsOf } from '@dsr1/shared/daemon-settings';
import { test } from 'tap';
import { AGENT, foldersOf } from '../src/config/config.ts';
import { linuxHost } from '../src/host/linux.ts';
import { simulatedHost } from '../src/host/simulated.ts';

/** A folder with shell scripts, and a host that finds only them. */
function hostWith(folder: string, scripts: Readonly<Record<string, string>>) {
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  for (const [name, body] of Object.entries(scripts)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${body}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  return linuxHost({ toolPath: [bin, '/usr/bin', '/bin'] });
}

test('a tool answers with what it printed, in the C locale and with nothing to read', async (t) => {
  const host = hostWith(t.testdir(), { tool: 'cat; echo "$1|$LC_ALL"; echo oops >&2; exit 3' });
  t.same(await host.run(['tool', 'a; b']), {
    answered: true,
    exitCode: 3,
    stdout: 'a; b|C\n',
    stderr: 'oops\n',
  });
  t.same(await host.run(['no-such-tool']), { answered: false, why: 'missing', reason: 'not installed' });
});

test('a tool that hangs is killed at its limit with all its children', async (t) => {
  const folder = t.testdir();
  const host = hostWith(folder, { hang: `sleep 300 & echo $! > ${folder}/child; wait` });
  const started = performance.now();
  const answer = await host.run(['hang'], { timeoutMs: 400 });
  t.same(answer, { answered: false, why: 'timeout', reason: 'no answer within 400 ms' });
  t.ok(performance.now() - started < 3000, 'and costs no more than its limit');
  t.ok(await ended(Number(readFileSync(join(folder, 'child'), 'utf8'))), 'its child is gone');
});

test('a child that keeps the output open does not outlive the limit', async (t) => {
  const folder = t.testdir();
  const host = hostWith(folder, { leave: `sleep 300 & echo $! > ${folder}/child; echo done` });
  t.match(await host.run(['leave'], { timeoutMs: 400 }), { answered: false, why: 'timeout' });
  t.ok(await ended(Number(readFileSync(join(folder, 'child'), 'utf8'))));
});

test('a tool that floods is killed when its output passes the limit', async (t) => {
  const host = hostWith(t.testdir(), { flood: 'yes' });
  t.same(await host.run(['flood'], { maxOutputBytes: 1000 }), {
    answered: false,
    why: 'flood',
    reason: 'printed more than 1000 bytes',
  });
});

test('an overlay stands in for what it holds, and the machine for the rest', async (t) => {
  const folder = t.testdir({
    sys: { devices: { pci: { net: { xgbe0: { mtu: '4200\n' } } } }, class: { net: {} } },
    dev: { infiniband: { uverbs0: '' } },
  });
  symlinkSync(join(folder, 'sys/devices/pci/net/xgbe0'), join(folder, 'sys/class/net/xgbe0'));
  const host = linuxHost({ overlay: folder });
  t.same(await host.list('/sys/class/net'), ['xgbe0']);
  t.equal(await host.readText('/sys/class/net/xgbe0/mtu'), '4200\n');
  t.equal(await host.realPath('/sys/class/net/xgbe0'), '/sys/devices/pci/net/xgbe0');
  t.same(await host.readTable(['/sys/class/net/xgbe0/mtu', '/sys/class/net/xgbe0/none']), ['4200\n', null]);
  t.match(await host.readText('/proc/self/limits'), /Max open files/);
  t.equal(await host.whyNotOpenable('/dev/infiniband/uverbs0'), null);
  t.equal(await host.whyNotOpenable('/dev/infiniband/uverbs1'), 'ENOENT');
  t.throws(() => linuxHost({ overlay: join(folder, 'none') }), { code: 'CONFIG_INVALID' });
});

test('a name server is silent only when nothing comes back', async (t) => {
  const [silent, refusing] = [createSocket('udp4'), createSocket('udp4')];
  t.teardown(() => {
    silent.close();
    refusing.close();
  });
  for (const socket of [silent, refusing]) {
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
  }
  // REFUSED, echoing the question (RFC 1035, 4.1.1).
  refusing.on('message', (query, from) => {
    const answer = Buffer.from(query);
    answer.writeUInt16BE(0x8105, 2);
    refusing.send(answer, from.port, from.address);
  });
  const at = (socket: typeof silent) => `127.0.0.1:${(socket.address() as AddressInfo).port}`;
  const host = linuxHost();
  t.equal(await host.nameServerIsSilent(at(silent), 'gpu-07', 300), true);
  t.equal(await host.nameServerIsSilent(at(refusing), 'gpu-07', 300), false);
});

test('a simulated host follows links as the kernel does', async (t) => {
  const host = simulatedHost({
    files: { '/sys/devices/a/b/value': '7\n', '/sys/x10': '', '/sys/x9': '' },
    links: { '/sys/class/b': '../devices/a/b', '/sys/devices/a/b/up': '..', '/loop': '/loop' },
    tools: { 'ip -j addr': '[]', broken: { answered: true, exitCode: 1, stdout: '', stderr: 'no' } },
  });
  t.equal(await host.readText('/sys/class/b/value'), '7\n');
  t.equal(await host.readText('/sys/class/b/up/b/value'), '7\n');
  t.equal(await host.realPath('/sys/class/b/up'), '/sys/devices/a');
  t.equal(await host.realPath('/loop'), null);
  t.equal(await host.readText('/sys/class'), null);
  t.same(await host.list('/sys'), ['class', 'devices', 'x9', 'x10']);
  t.match(await host.run(['ip', '-j', 'addr']), { answered: true, exitCode: 0, stdout: '[]' });
  t.match(await host.run(['broken']), { exitCode: 1, stderr: 'no' });
  t.match(await host.run(['ip', 'addr']), { answered: false, why: 'missing' });
});

/** True once no process has this id (waits up to two seconds). */
async function ended(pid: number): Promise<boolean> {
  for (let turn = 0; turn < 40; turn += 1) {
    try {
      process.kill(pid, 0);
      // A killed child that nobody has waited for yet still has its id.
      if (/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) return true;
    } catch {
      return true;
    }
    await setTimeout(50);
  }
  return false;
}

test('folders are absolute: their paths become arguments of ranks, which work elsewhere', async (t) => {
  const { config } = settingsOf(AGENT, { stateDir: 'here' }, {});
  t.strictSame(foldersOf(config, true), {
    stateDir: resolve('here'),
    runsDir: resolve('here/runs'),
    logsDir: resolve('here/logs'),
    cacheDir: resolve('here/cache'),
  });
});
