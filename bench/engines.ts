/**
 * What dsr1 adds to a real engine: a gang of real vLLM over two systemd hosts, started by dsr1 and by hand from the scripts of
 * `dsr1ctl plan --script` (same hosts, argv and environment), alternating; and how long a Ray cluster takes to form. Run as
 * root on a calm machine (7 minutes): `node_modules/.bin/node bench/engines.ts [--pairs 3]`. Docker beside processes: bench/runtimes.ts.
 */
import { copyFileSync, readdirSync, readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { ClusterEvent, EndpointAccess } from '@dsr1/shared/http-api/resources';
import type { PlanResult } from '@dsr1/shared/plan/model';
import { vllmGang, vllmRayGang } from '../test/engines/gangs.ts';
import { buildPackage, type Cluster, installOn, must, startCluster } from '../test/lab/cluster.ts';
import { labEngine } from '../test/lab/engines.ts';
import { bootLab, type Lab } from '../test/lab/lab.ts';

const { values: flags } = parseArgs({ options: { pairs: { type: 'string', default: '3' } } });
const PAIRS = Number(flags.pairs);
const HAND_KEY = 'hand-key-0123456789';
const START_LIMIT_MS = 180_000;

const vllm = labEngine('vllm');
const ray = labEngine('vllm-ray');
const lab = bootLab(2, 1, [...new Set([...vllm.binds, ...ray.binds])]);
try {
  const tarball = buildPackage();
  for (const host of [1, 2]) await installOn(lab, host, tarball);
  const cluster = await startCluster(lab, 2);
  const rehearsed = vllmGang('vllm', vllm, { tensor: 2 });
  const file = cluster.file('vllm.yaml', `${rehearsed}network: { rehearse: off }\n`);
  const url = await writeScripts(cluster, lab, file);
  const byDsr1: Run[] = [];
  const byHand: Run[] = [];
  for (let i = 0; i < 2 * PAIRS; i += 1) {
    // dsr1, hand, hand, dsr1 …: a drift of the machine meets both.
    const dsr1 = i % 4 === 0 || i % 4 === 3;
    const run = dsr1 ? await runByDsr1(cluster, lab, file, url) : await runByHand(lab, url);
    (dsr1 ? byDsr1 : byHand).push(run);
    process.stdout.write(`${dsr1 ? 'dsr1' : 'hand'} ${JSON.stringify(run)}\n`);
  }
  console.table({ dsr1: medians(byDsr1), 'by hand': medians(byHand) });
  const [own, hand] = [medians(byDsr1), medians(byHand)];
  const over = (own['ready ms'] ?? 0) - (hand['ready ms'] ?? 0);
  const share = (100 * over) / (hand['ready ms'] ?? 1);
  process.stdout.write(
    `overhead of dsr1: ${over} ms of ${hand['ready ms']} ms, ${share.toFixed(1)} % (goal: under 3 %)\n`,
  );
  const safe = await runByDsr1(cluster, lab, cluster.file('rehearsed.yaml', rehearsed), url);
  process.stdout.write(`with its rehearsal (the default): ${JSON.stringify(safe)}\n`);
  const formed: number[] = [];
  for (let run = 0; run < PAIRS; run += 1) formed.push(await formRay(cluster, lab, `ray-${run}`));
  process.stdout.write(`commit to a Ray cluster of two: ${median(formed)} ms (${formed.join(', ')})\n`);
} finally {
  lab.down();
}

/** Milliseconds of one run; what one way of starting does not have is missing. */
type Run = Readonly<Record<string, number>>;

/** From the command on, as an operator types it. */
async function runByDsr1(cluster: Cluster, lab: Lab, file: string, url: string): Promise<Run> {
  const load = loadavg()[0] ?? 0;
  const startedMs = Date.now();
  must(await cluster.ctl(['deploy', file, '--yes', '--detach']), 'deploy');
  const accepted = Date.now() - startedMs;
  await untilHealthy(url);
  const ready = Date.now() - startedMs;
  const { apiKey } = await cluster.ctlJson<EndpointAccess>(['access', 'vllm', '--key']);
  const token = await firstToken(url, apiKey ?? '');
  const committedMs = await committedAt(cluster, 'vllm');
  const units = await Promise.all([1, 2].map((host) => unitStartedMs(lab, host)));
  must(await cluster.ctl(['wait', 'vllm', '--for', 'serving', '--timeout', '60']), 'wait');
  const stoppingMs = Date.now();
  const gone = Promise.all([1, 2].map((host) => untilGone(lab, host)));
  must(await cluster.ctl(['stop', 'vllm']), 'stop');
  await gone;
  const stopped = Date.now() - stoppingMs;
  must(await cluster.ctl(['wait', 'vllm', '--for', 'stopped', '--timeout', '60']), 'wait');
  must(await cluster.ctl(['rm', 'vllm']), 'rm');
  return {
    'accepted ms': accepted,
    'command to commit ms': committedMs - startedMs,
    'commit to both started ms': Math.round(Math.max(...units) - committedMs),
    'ready ms': ready,
    'first token ms': token,
    'stop to nothing left ms': stopped,
    load,
  };
}

/** The scripts as two services, at the same moment. */
async function runByHand(lab: Lab, url: string): Promise<Run> {
  const load = loadavg()[0] ?? 0;
  const startedMs = Date.now();
  const start = (host: number) =>
    lab.exec(host, [
      ...[
        'systemd-run',
        '--quiet',
        '--collect',
        '--unit=hand',
        '--property=TimeoutStopSec=15',
        `--setenv=API_KEY=${HAND_KEY}`,
      ],
      ...['bash', `/root/rank-${host - 1}.sh`],
    ]);
  for (const output of await Promise.all([1, 2].map(start))) must(output, 'systemd-run');
  await untilHealthy(url);
  const ready = Date.now() - startedMs;
  const token = await firstToken(url, HAND_KEY);
  const stoppingMs = Date.now();
  const gone = Promise.all([1, 2].map((host) => untilGone(lab, host)));
  await Promise.all([1, 2].map((host) => lab.exec(host, ['systemctl', 'stop', 'hand'])));
  await gone;
  return {
    'ready ms': ready,
    'first token ms': token,
    'stop to nothing left ms': Date.now() - stoppingMs,
    load,
  };
}

/** From commit to the line with which the head's launcher goes on; vLLM itself is not waited for. */
async function formRay(cluster: Cluster, lab: Lab, name: string): Promise<number> {
  const gang = vllmRayGang(name, ray, { tensor: 2 });
  const file = cluster.file(`${name}.yaml`, `${gang}network: { rehearse: off }\n`);
  must(await cluster.ctl(['deploy', file, '--yes', '--detach']), 'deploy');
  const formedMs = await untilLogged(lab, name, /launcher: 2 of 2 Ray nodes are in/);
  const committedMs = await committedAt(cluster, name);
  must(await cluster.ctl(['rm', name, '--force']), 'rm');
  while ((await cluster.ctl(['status', name])).code === 0) await sleep(500);
  return formedMs - committedMs;
}

/** Wall clock of the event that the commit follows at once. */
async function committedAt(cluster: Cluster, deployment: string): Promise<number> {
  const told = must(await cluster.ctl(['events', '--deployment', deployment, '--json']), 'events').stdout;
  const events = told.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as ClusterEvent]));
  const last = events.findLast(
    ({ kind }) => kind === 'deployment.prepared' || kind === 'deployment.rehearsed',
  );
  return Date.parse(last?.at ?? '');
}

/** Puts each rank's script on its host; the endpoint's URL. */
async function writeScripts(cluster: Cluster, lab: Lab, file: string): Promise<string> {
  must(await cluster.ctl(['plan', file, '--script', '/root/scripts']), 'plan');
  const folder = join(lab.root(1), 'root/scripts');
  for (const host of [1, 2]) {
    const script = readdirSync(folder).find((name) => name.includes(`rank-${host - 1}`));
    copyFileSync(join(folder, script ?? ''), join(lab.root(host), `root/rank-${host - 1}.sh`));
  }
  const result = await cluster.ctlJson<PlanResult>(['plan', file]);
  return (result.feasible && result.plan.endpoint?.url) || '';
}

async function untilHealthy(url: string): Promise<void> {
  const startedMs = Date.now();
  while (Date.now() - startedMs < START_LIMIT_MS) {
    const status = await fetch(`${url}/health`, { signal: AbortSignal.timeout(5_000) }).then(
      (answer) => answer.status,
      () => 0,
    );
    if (status === 200) return;
    await sleep(25);
  }
  throw new Error(`nothing answers at ${url}/health`);
}

/** Milliseconds from a request to the first chunk of its answer. */
async function firstToken(url: string, apiKey: string): Promise<number> {
  const startedMs = performance.now();
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
    body: JSON.stringify({
      model: 'tiny',
      stream: true,
      max_tokens: 4,
      messages: [{ role: 'user', content: 'Say.' }],
    }),
    signal: AbortSignal.timeout(60_000),
  });
  if (answer.status !== 200 || answer.body === null) throw new Error(`chat answered ${answer.status}`);
  for await (const _ of answer.body) return Math.round(performance.now() - startedMs);
  throw new Error('chat answered nothing');
}

/** Wall clock at which systemd started the program of the host's rank. */
async function unitStartedMs(lab: Lab, host: number): Promise<number> {
  const show =
    'systemctl show "dsr1-run-*" --property=ExecMainStartTimestampMonotonic --value; cut -d" " -f1 /proc/uptime';
  const before = Date.now();
  const lines = must(await lab.exec(host, ['sh', '-c', show]), 'show')
    .stdout.trim()
    .split(/\s+/);
  const [microseconds = 0, uptimeSeconds = 0] = [Number(lines[0]), Number(lines.at(-1))];
  return (before + Date.now()) / 2 - (uptimeSeconds * 1000 - microseconds / 1000);
}

/** Until no process of vLLM is left there. */
async function untilGone(lab: Lab, host: number): Promise<void> {
  const look = 'while pgrep -f "[v]llm serve|[V]LLM::" >/dev/null; do sleep 0.02; done';
  must(await lab.exec(host, ['sh', '-c', look], 60_000), 'look');
}

async function untilLogged(lab: Lab, deployment: string, pattern: RegExp): Promise<number> {
  const folder = join(lab.root(1), 'var/log/dsr1', deployment);
  for (const startedMs = Date.now(); Date.now() - startedMs < START_LIMIT_MS; await sleep(20)) {
    const logs = listed(folder).map((epoch) => join(folder, epoch, 'rank-0-main.log'));
    if (logs.some((log) => pattern.test(readable(log)))) return Date.now();
  }
  throw new Error(`no ${pattern} in ${folder}`);
}

function listed(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readable(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function medians(runs: readonly Run[]): Record<string, number> {
  const names = Object.keys(runs[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, median(runs.map((run) => run[name] ?? 0))]));
}

function median(values: readonly number[]): number {
  const middle = values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  return Math.round(middle * 10) / 10;
}
