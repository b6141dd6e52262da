import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'tap';
import { parseHostPort } from '../src/rehearsal/options.ts';

const fixture = fileURLToPath(new URL('./fixtures/rehearse.ts', import.meta.url));

/** A port that was free a moment ago on one loopback address. */
async function freePort(host: string): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

interface Rank {
  readonly child: ChildProcess;
  readonly lines: string[];
  /** Resolves when a line with this text has been printed, rejects when the rank ends first. */
  printed(text: string): Promise<void>;
}

function startRank(args: readonly string[]): Rank {
  const child = spawn(process.execPath, [fixture, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  child.stdout
    ?.setEncoding('utf8')
    .on('data', (text: string) => lines.push(...text.split('\n').filter(Boolean)));
  const printed = async (text: string): Promise<void> => {
    for (let i = 0; i < 200; i++) {
      if (lines.some((line) => line.includes(text))) return;
      if (child.exitCode !== null) throw new Error(`rank ended before "${text}": ${lines.join(' | ')}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`no "${text}" in 10 s: ${lines.join(' | ')}`);
  };
  return { child, lines, printed };
}

test('two ranks meet, exchange data over control and rail, and rank 0 answers for both', async (t) => {
  const [rendezvous, data, http] = [
    await freePort('127.0.0.1'),
    await freePort('127.0.0.1'),
    await freePort('127.0.0.1'),
  ];
  const config = join(mkdtempSync(join(tmpdir(), 'dsr1-rehearsal-')), 'engine.json');
  writeFileSync(config, JSON.stringify({ apiKey: 'k-123' }));
  const common = ['--nodes', '2', '--rendezvous', `127.0.0.1:${rendezvous}`, '--data-port', String(data)];
  const rail = (address: string) => ['--rails', JSON.stringify([{ rail: 0, device: 'mlx5_1', address }])];
  const head = startRank([
    ...['--rank', '0', '--address', '127.0.0.1', ...common, ...rail('127.0.1.1')],
    ...['--http', `127.0.0.1:${http}`, '--served-name', 'demo', '--config', config],
  ]);
  const follower = startRank(['--rank', '1', '--address', '127.0.0.2', ...common, ...rail('127.0.1.2')]);
  t.teardown(() => {
    head.child.kill('SIGKILL');
    follower.child.kill('SIGKILL');
  });
  await head.printed('serving');
  await follower.printed('rank 1 holds');
  t.ok(
    head.lines.some((line) => line.includes('over rail 0 (127.0.1.1 -> 127.0.1.2) ok')),
    'the rail was used',
  );

  const url = `http://127.0.0.1:${http}/v1/chat/completions`;
  const body = JSON.stringify({ model: 'demo', stream: true, messages: [{ role: 'user', content: 'who?' }] });
  t.equal((await fetch(url, { method: 'POST', body })).status, 401, 'a request without the key is refused');
  const authorization = 'Bearer k-123';
  const reply = await fetch(url, { method: 'POST', body, headers: { authorization } });
  const text = await reply.text();
  t.ok(text.trimEnd().endsWith('data: [DONE]'), 'the stream ends as OpenAI streams end');
  const whole = text
    .split('\n\n')
    .filter((part) => part.startsWith('data: {'))
    .map((part) => JSON.parse(part.slice(6)).choices[0].delta.content ?? '')
    .join('');
  t.match(whole, /not a model: rank 0 \(.+\) and rank 1 \(.+\) answered in/);
  const bad = await fetch(url, { method: 'POST', body: 'nonsense', headers: { authorization } });
  t.equal(bad.status, 400, 'nonsense is refused by name');

  const ended = once(head.child, 'exit');
  follower.child.kill('SIGKILL');
  const [code] = (await ended) as [number];
  t.equal(code, 1, 'losing a rank ends the head with a failure');
  t.ok(
    head.lines.some((line) => line.includes('failed: lost rank 1')),
    'and the reason is printed',
  );
});

test('a blocked rail fails by name', async (t) => {
  const [rendezvous, data] = [await freePort('127.0.0.1'), await freePort('127.0.0.1')];
  const common = ['--nodes', '2', '--rendezvous', `127.0.0.1:${rendezvous}`, '--data-port', String(data)];
  const rails = (address: string) => ['--rails', JSON.stringify([{ rail: 0, device: 'mlx5_1', address }])];
  const head = startRank(['--rank', '0', '--address', '127.0.0.1', ...common, ...rails('127.0.1.1')]);
  t.teardown(() => void head.child.kill('SIGKILL'));
  const { connect } = await import('node:net');
  await head.printed('waiting for rank 1');
  const fake = connect(rendezvous, '127.0.0.1');
  t.teardown(() => void fake.destroy());
  const member = { rank: 1, hostname: 'x', address: '127.0.0.9', dataPort: data, rails: [] };
  fake.write(`${JSON.stringify({ kind: 'register', member })}\n`);
  await once(head.child, 'exit');
  t.match(
    head.lines.join('\n'),
    /cannot exchange data with rank 1 over control \(127\.0\.0\.1 -> 127\.0\.0\.9:\d+\)/,
  );
});

test('addresses', (t) => {
  t.same(parseHostPort('10.0.0.1:80'), { host: '10.0.0.1', port: 80 });
  t.same(parseHostPort('[fd00::1]:80'), { host: 'fd00::1', port: 80 });
  for (const bad of ['', 'host', 'host:0', 'host:70000', '::1:80x', 'fd00::1:80'])
    t.equal(parseHostPort(bad), null, bad);
  t.end();
});
