/**
 * The test command. Stages run one after the other; each counts its tests, and a stage that this machine cannot run is
 * skipped by name with the reason. Ends with the plain line `N passed, N failed, N skipped`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { dockerMissing, enginesMissing, gpuMissing, labMissing, rdmaMissing } from '../test/lab/missing.ts';

interface Count {
  passed: number;
  failed: number;
  skipped: number;
}

interface Stage {
  /** The flag that asks for it. */
  readonly flag: 'quick' | 'hosts' | 'engines' | 'docker' | 'gpu' | 'rdma';
  readonly name: string;
  /** Why a run without flags leaves it out. */
  readonly long?: string;
  /** Why it cannot run here, null when it can. */
  readonly missing: () => string | null;
  readonly run: () => Promise<Count>;
}

const root = resolve(import.meta.dirname, '..');
const HELP = `scripts/test [--quick | --hosts | --engines | --docker | --gpu | --rdma]... [--only TEXT]

Without a flag everything that this machine can run is run, but what takes very long, which is named. With flags, only
these stages, long or not:
  --quick     types, lint, unit and end-to-end tests on loopback (about three minutes)
  --hosts     two real systemd hosts (root, Debian): join, launch, reboot, adoption
  --engines   real vLLM (also on Ray) and SGLang across two such hosts, and made to fail (installs 2.3 GB once into ~/.cache/dsr1)
  --docker    two real Docker engines (65 MB once into ~/.cache/dsr1), real vLLM in containers
  --gpu       real SGLang on one GPU, from the environment that DSR1_GPU_PYTHON names
  --rdma      two virtual machines with soft-RoCE
  --only TEXT only test files whose path holds TEXT
`;

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    hosts: { type: 'boolean', default: false },
    engines: { type: 'boolean', default: false },
    docker: { type: 'boolean', default: false },
    gpu: { type: 'boolean', default: false },
    rdma: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
});

const files = (pattern: string): string[] =>
  globSync(pattern, { cwd: root })
    .filter((file) => file.includes(flags.only))
    .sort();

/** Runs test files under tap and counts their innermost tests' assertions as tap itself does. */
function tap(patterns: readonly string[], jobs: number, timeoutSeconds: number): () => Promise<Count> {
  return async () => {
    const found = patterns.flatMap(files);
    if (found.length === 0) return { passed: 0, failed: 0, skipped: 0 };
    const child = start('tap', ['--reporter=tap', `--jobs=${jobs}`, `--timeout=${timeoutSeconds}`, ...found]);
    const count = { passed: 0, failed: 0, skipped: 0 };
    let total = false;
    for await (const line of createInterface({
      input: child.stdout as NonNullable<ChildProcess['stdout']>,
    })) {
      const summary = /^# \{ total: (\d+)(?:, pass: (\d+))?(?:, fail: (\d+))?(?:, skip: (\d+))?/.exec(line);
      if (summary) {
        total = true;
        Object.assign(count, {
          passed: Number(summary[2] ?? 0),
          failed: Number(summary[3] ?? 0),
          skipped: Number(summary[4] ?? 0),
        });
      } else if (!/^ *ok \d+/.test(line) || / # skip/i.test(line) || /^ok \d+/.test(line)) {
        process.stdout.write(`${line}\n`);
      }
    }
    const code = await ended(child);
    if (code !== 0 && (count.failed === 0 || !total)) count.failed += 1;
    return count;
  };
}

/** A tool that passes or fails as a whole. */
function tool(command: string, args: readonly string[]): () => Promise<Count> {
  return async () => {
    const child = start(command, args);
    child.stdout?.pipe(process.stdout);
    const code = await ended(child);
    return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
  };
}

function start(command: string, args: readonly string[]): ChildProcess {
  return spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
}

const ended = (child: ChildProcess): Promise<number> =>
  new Promise((done) => child.once('close', (code) => done(code ?? 1)));

const NEVER_MISSING = () => null;
const STAGES: readonly Stage[] = [
  { flag: 'quick', name: 'types', missing: NEVER_MISSING, run: tool('tsc', ['-b']) },
  {
    flag: 'quick',
    name: 'lint',
    missing: NEVER_MISSING,
    run: tool('biome', ['ci', '--diagnostic-level=error', '.']),
  },
  {
    flag: 'quick',
    name: 'unit and end-to-end',
    missing: NEVER_MISSING,
    run: tap(
      ['packages/*/test/**/*.test.ts', 'test/*.test.ts', 'test/{architecture,corpus,e2e}/**/*.test.ts'],
      2,
      240,
    ),
  },
  {
    flag: 'hosts',
    name: 'real systemd hosts',
    missing: labMissing,
    run: tap(['test/hosts/*.test.ts'], 1, 900),
  },
  {
    flag: 'engines',
    name: 'real vLLM and SGLang',
    missing: enginesMissing,
    run: tap(['test/engines/{flags,engines,all-reduce}.test.ts'], 1, 1500),
  },
  {
    flag: 'engines',
    name: 'real vLLM on Ray',
    missing: enginesMissing,
    run: tap(['test/engines/vllm-ray.test.ts'], 1, 1500),
  },
  {
    flag: 'engines',
    name: 'real gangs made to fail',
    missing: enginesMissing,
    run: tap(['test/engines/{failures,workers}.test.ts'], 1, 1500),
  },
  {
    flag: 'docker',
    name: 'real Docker engines',
    missing: dockerMissing,
    run: tap(['test/docker/{docker,gang,read-image}.test.ts'], 1, 300),
  },
  {
    flag: 'docker',
    name: 'real vLLM in containers',
    missing: () => dockerMissing() ?? enginesMissing(),
    run: tap(['test/docker/engine-gang.test.ts'], 1, 900),
  },
  {
    flag: 'gpu',
    name: 'real SGLang on a GPU',
    missing: gpuMissing,
    run: tap(['test/gpu/*.test.ts'], 1, 900),
  },
  {
    flag: 'rdma',
    name: 'kernel RDMA',
    long: 'about 8 minutes on emulated processors: ./scripts/test --rdma runs it',
    missing: rdmaMissing,
    run: tap(['test/rdma/*.test.ts'], 1, 900),
  },
];

async function main(): Promise<void> {
  if (flags.help) return void process.stdout.write(HELP);
  const asked = STAGES.filter(({ flag }) => flags[flag]);
  const stages = asked.length > 0 ? asked : STAGES;
  const sum: Count = { passed: 0, failed: 0, skipped: 0 };
  for (const stage of stages) {
    const why = stage.missing() ?? (asked.length > 0 ? null : (stage.long ?? null));
    if (why !== null) {
      sum.skipped += 1;
      process.stdout.write(`\n== ${stage.name}: skipped, ${why}\n`);
      continue;
    }
    process.stdout.write(`\n== ${stage.name}\n`);
    const startedMs = performance.now();
    const count = await stage.run();
    sum.passed += count.passed;
    sum.failed += count.failed;
    sum.skipped += count.skipped;
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
    process.stdout.write(
      `== ${stage.name}: ${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped in ${seconds} s\n`,
    );
  }
  process.stdout.write(`\n${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped\n`);
  process.exitCode = sum.failed === 0 ? 0 : 1;
}

await main();
