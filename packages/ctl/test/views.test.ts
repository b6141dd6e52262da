import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERROR_TABLE } from '@dsr1/shared/error-table';
import { DeploymentSpec } from '@dsr1/shared/spec/deployment';
import { parseDeploymentSpec } from '@dsr1/shared/spec/parse';
import { test } from 'tap';
import { Type } from 'typebox';
import { parse } from 'yaml';
import { eventStream } from '../src/client/event-stream.ts';
import { linesOf } from '../src/client/lines.ts';
import { curlLine } from '../src/deploy/curl-line.ts';
import { laggards, type Observation, observe } from '../src/deploy/observation.ts';
import { phasesTook } from '../src/deploy/phase-times.ts';
import { changeLines, progressBlock } from '../src/deploy/progress-view.ts';
import { networkLine, statusLines } from '../src/deploy/status-view.ts';
import { parseDuration, parseHostPort } from '../src/flags.ts';
import { duration } from '../src/output/ago.ts';
import { createLiveBlock } from '../src/output/live-block.ts';
import { createStyle } from '../src/output/style.ts';
import { formatTable } from '../src/output/table.ts';
import { runCtl } from './helpers/fake-io.ts';
import { aDeployment, aRank } from './helpers/values.ts';

const plain = createStyle({ isTTY: false, columns: 80, rows: 24, write: () => {} }, {});

/** Two looks, `waitedMs` apart, at the same two phases. */
function waited(
  phases: readonly ['weights' | 'rendezvous' | 'listening', 'rendezvous' | 'weights'],
  waitedMs: number,
): Observation {
  const detail = aDeployment({
    ranks: [aRank({ phase: phases[0] }), aRank({ rank: 1, node: 'gpu2', phase: phases[1] })],
  });
  return observe(observe(null, detail, 1000), detail, 1000 + waitedMs);
}

test('who holds the others up is named once they have waited ten seconds', async (t) => {
  t.strictSame(laggards(waited(['weights', 'rendezvous'], 9_000), 10_000), []);
  t.strictSame(laggards(waited(['weights', 'rendezvous'], 40_000), 10_000), [
    { rank: 1, missing: 'weights', waiting: 0, waitingMs: 40_000 },
  ]);
  t.strictSame(laggards(waited(['weights', 'weights'], 40_000), 10_000), [], 'nobody is behind');
  t.strictSame(laggards(waited(['listening', 'weights'], 40_000), 10_000), [], 'followers serve no HTTP');
  t.match(
    progressBlock(waited(['weights', 'rendezvous'], 40_000), plain).at(-1),
    /rank 1 has not reached weights; rank 0 waits since 40 s/,
  );
});

test('the network that the ranks really use is one sentence where they agree', async (t) => {
  const network = {
    verdict: 'proven',
    network: 'IB',
    devices: ['mlx5_1:1', 'mlx5_2:1'],
    interface: 'eth0',
    gdr: true,
    ncclVersion: '2.28.9',
    because: [],
  } as const;
  const used = (rank: number, change: object = {}) =>
    aRank({ rank, network: { ...network, devices: [...network.devices], because: [], ...change } });
  t.strictSame(networkLine([aRank()]), []);
  t.strictSame(networkLine([used(0), used(1)]), ['IB mlx5_1,mlx5_2 as planned (GDR)']);
  t.strictSame(networkLine([used(0, { network: 'Socket', devices: [], gdr: null })]), [
    'Socket eth0 as planned',
  ]);
  t.strictSame(
    networkLine([
      used(0),
      used(1, { verdict: 'differs', because: ['mlx5_2 planned and not in use'] }),
      used(2),
      used(3, { verdict: 'unproven', because: ['its log names no network'] }),
    ]),
    [
      'rank 0, 2: IB mlx5_1,mlx5_2 as planned (GDR); rank 1: not as planned: mlx5_2 planned and not in use; rank 3: not proven: its log names no network',
    ],
  );
});

test('a rank that has not even started is the one that is waited for', async (t) => {
  const detail = aDeployment({ ranks: [aRank(), aRank({ rank: 1, state: 'prepared', phase: null })] });
  const seen = observe(observe(null, detail, 0), detail, 20_000);
  t.match(changeLines(observe(null, detail, 0), seen), [
    'rank 1 has not reached rendezvous; rank 0 waits since 20 s',
  ]);
  t.strictSame(changeLines(seen, observe(seen, detail, 25_000)), [], 'said once');
});

test('changes are told once, a new epoch starts the story again, counting seconds is no news', async (t) => {
  const first = observe(null, aDeployment({ message: 'in weights since 1 s' }), 0);
  t.equal(changeLines(null, first).length, 3);
  t.strictSame(changeLines(first, observe(first, aDeployment({ message: 'in weights since 2 s' }), 400)), []);
  const again = observe(first, aDeployment({ message: 'in weights since 2 s', epoch: 2 }), 800);
  t.equal(changeLines(first, again).length, 2);
  t.equal(again.sinceMs[0], 800);
});

test('the bar grows over phases and within one', async (t) => {
  const filled = (values: Parameters<typeof aRank>[0]) => {
    const block = progressBlock(observe(null, aDeployment({ ranks: [aRank(values)] }), 0), plain);
    return (block[1]?.match(/█/g) ?? []).length;
  };
  t.strictSame(
    [
      filled({ phase: null }),
      filled({ phase: 'weights' }),
      filled({ phase: 'weights', progress: 0.5 }),
      filled({ phase: 'serving' }),
    ],
    [0, 8, 10, 20],
  );
});

test('a start shows what each phase took, and what is left by the last start', async (t) => {
  const rank = aRank({ phase: 'weights', progress: 0.42, phaseSeconds: { rendezvous: 7.2, weights: 21.4 } });
  t.equal(phasesTook(rank), 'starting 7 s, rendezvous 14 s');
  t.equal(phasesTook(aRank({ phaseSeconds: {} })), '');
  const detail = aDeployment({ ranks: [rank], eta: { secondsLeft: 40, lastSeconds: 600 } });
  const left = 'about 40 s left (the last start took 10 min)';
  const seen = observe(null, detail, 0);
  t.match(progressBlock(seen, plain)[0], left);
  t.match(progressBlock(seen, plain)[1], /█{10}░{10} {2}weights 42 %/);
  t.equal(changeLines(null, seen).at(-1), left);
  t.strictSame(
    changeLines(seen, observe(seen, { ...detail, eta: { secondsLeft: 39, lastSeconds: 600 } }, 1000)),
    [],
  );
  const status = statusLines(detail, plain).join('\n');
  t.match(status, left);
  t.match(status, /█{10}░{10} weights 42 % {2}starting 7 s, rendezvous 14 s/);
});

test('a live block is drawn over itself and never wraps', async (t) => {
  let written = '';
  const block = createLiveBlock({
    isTTY: true,
    columns: 10,
    rows: 4,
    write: (text) => {
      written += text;
    },
  });
  block.draw(['one', 'a line that is too long']);
  block.draw(['two']);
  t.equal(written, 'one\na line t…\n\u001b[2A\u001b[0Jtwo\n');
  written = '';
  block.draw(['1', '2', '3', '4', '5']);
  t.equal(written, '\u001b[1A\u001b[0J1\n2\n… 3\n', 'nor is it higher than the terminal');
});

test('colours appear on terminals only, and not with NO_COLOR', async (t) => {
  const terminal = { isTTY: true, columns: 80, rows: 24, write: () => {} };
  t.equal(createStyle(terminal, {}).red('x'), '\u001b[31mx\u001b[39m');
  t.equal(createStyle(terminal, { NO_COLOR: '1' }).red('x'), 'x');
  t.equal(createStyle({ ...terminal, isTTY: false }, {}).red('x'), 'x');
  t.strictSame(
    formatTable([
      ['\u001b[31mx\u001b[39m', 'b'],
      ['long', 'c'],
    ]),
    ['\u001b[31mx\u001b[39m     b', 'long  c'],
    'colours take no width',
  );
});

test('durations, addresses and requests are written for people', async (t) => {
  t.strictSame([0, 119_000, 120_000, 7_200_000, 172_800_000].map(duration), [
    '0 s',
    '119 s',
    '2 min',
    '2 h',
    '2 d',
  ]);
  t.strictSame(['90', '90s', '15m', '2h', '1d'].map(parseDuration), [90, 90, 900, 7200, 86_400]);
  for (const [text, host, port] of [
    ['h', 'h', 1],
    ['10.0.0.1:7441', '10.0.0.1', 7441],
    ['[fd00::1]:5', 'fd00::1', 5],
    ['fd00::1', 'fd00::1', 1],
  ] as const) {
    t.strictSame(parseHostPort(text, 1), { host, port });
  }
  for (const bad of ['', 'a b', 'h:70000', 'h:', 'h:x', 'https://h'])
    t.throws(() => parseHostPort(bad, 1), { code: 'INVALID_ARGUMENT' }, bad);
  t.match(
    curlLine('r1', { url: 'http://h:1/v1', model: "it's", hasKey: false }),
    `curl -sS http://h:1/v1/chat/completions -H 'Content-Type: application/json' -d '{"model":"it'\\''s"`,
  );
});

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}

test('streams are cut into lines and events wherever the network cuts them', async (t) => {
  async function* chunks(...parts: string[]) {
    yield* parts;
  }
  t.strictSame(await collect(linesOf(chunks('a\nb', 'c\n', '\nend'))), ['a', 'bc', '', 'end']);
  const Value = Type.Object({ n: Type.Integer() });
  const stream = chunks(': ping\n\ndata: {"n"', ': 1}\n', '\nevent: x\ndata: {"n":\ndata: 2}\r\n\r\n');
  t.strictSame(await collect(eventStream(stream, Value)), [{ n: 1 }, { n: 2 }]);
});

test('completion scripts offer the commands and flags that exist', async (t) => {
  const home = t.testdir();
  const { out, code } = await runCtl(['completion', 'bash'], { home });
  t.equal(code, 0);
  const script = join(home, 'completion.bash');
  writeFileSync(script, out);
  const complete = (...words: string[]) =>
    execFileSync(
      'bash',
      [
        '-c',
        `source ${script}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _dsr1ctl; echo "\${COMPREPLY[@]}"`,
        'bash',
        'dsr1ctl',
        ...words,
      ],
      { encoding: 'utf8' },
    ).trim();
  t.equal(complete('dep'), 'deploy');
  t.equal(complete('node', 'un'), 'uncordon');
  t.equal(complete('deploy', '--gpus'), '--gpus-per-node');
  t.equal(complete('token', 'create', '--tt'), '--ttl');
  t.match((await runCtl(['completion', 'zsh'], { home })).out, /bashcompinit/);
  t.match(
    (await runCtl(['completion', 'fish'], { home })).out,
    /complete -c dsr1ctl -n '__fish_seen_subcommand_from node' -a 'list show/,
  );
  t.match(await runCtl(['completion', 'tcsh'], { home }), {
    code: 2,
    err: /'tcsh' is invalid.*bash, zsh, fish/,
  });
});

test('the deployment file in docs/cli.md is a valid one that shows every key', async (t) => {
  const doc = readFileSync(join(import.meta.dirname, '../../../docs/cli.md'), 'utf8');
  const [, example = ''] = /```yaml\n(name: [\s\S]*?)```/.exec(doc) ?? [];
  const spec = parseDeploymentSpec(parse(example));
  t.strictSame(Object.keys(spec).toSorted(), Object.keys(DeploymentSpec.properties).toSorted());
});

test('docs/cli.md knows every command and every exit code', async (t) => {
  const doc = readFileSync(join(import.meta.dirname, '../../../docs/cli.md'), 'utf8');
  const { out } = await runCtl(['--help'], { home: t.testdir() });
  const commands = [...out.matchAll(/^ {2}([a-z]+) /gm)]
    .map(([, name = '']) => name)
    .filter((name) => name !== 'help');
  t.ok(commands.length > 20);
  for (const name of commands) t.match(doc, new RegExp(`^\\|.*\`${name}\\b`, 'm'), name);
  for (const { exit } of Object.values(ERROR_TABLE))
    t.match(doc, new RegExp(`^\\| ${exit} \\|`, 'm'), `exit ${exit}`);
});
