import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServiceDefinition } from '@grpc/grpc-js';
import { test } from 'tap';
import { createLogReader } from '../src/diagnose/log-reader.ts';
import { type PackedReading, packReading } from '../src/diagnose/packed.ts';
import { PHASES } from '../src/engines/phases.ts';
import type { RankPlan } from '../src/plan/model.ts';
import { loadServices } from '../src/rpc/services.ts';
import {
  decodeFromAgent,
  decodeFromCoordinator,
  encodeFromAgent,
  encodeFromCoordinator,
} from '../src/wire/codec.ts';
import type { CommandAction, FromAgent, FromCoordinator, RankReport } from '../src/wire/messages.ts';

const session = (loadServices().Node.service as unknown as ServiceDefinition).Session;
if (session === undefined) throw new Error('no Session method');
const throughAgentWire = (message: FromAgent): FromAgent =>
  decodeFromAgent(session.requestDeserialize(session.requestSerialize(encodeFromAgent(message))));
const throughCoordinatorWire = (message: FromCoordinator): FromCoordinator =>
  decodeFromCoordinator(
    session.responseDeserialize(session.responseSerialize(encodeFromCoordinator(message))),
  );

/** Deterministic values: a failing seed can be run again. */
function values(seed: number) {
  let state = seed;
  const next = (): number => {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const int = (max: number, min = 0): number => min + Math.floor(next() * (max - min + 1));
  const pick = <T>(of: readonly T[]): T => of[int(of.length - 1)] as T;
  const text = (): string => pick(['a', 'xgbe1', 'ünïcode ✓', 'with\nline', '--flag=value', `n${int(1e9)}`]);
  const maybe = <T>(make: () => T): T | null => (next() < 0.4 ? null : make());
  const list = <T>(make: () => T): T[] => Array.from({ length: int(3) }, make);
  const record = <T>(make: () => T): Record<string, T> => Object.fromEntries(list(() => [text(), make()]));
  const big = (): number => pick([1, int(1e6, 1), 2 ** 40 + int(1000), Number.MAX_SAFE_INTEGER]);
  return { next, int, pick, text, maybe, list, record, big };
}

function aPlan(v: ReturnType<typeof values>): RankPlan {
  return {
    rank: v.int(200),
    nodeId: v.text(),
    nodeName: v.text(),
    engine: v.pick(['sglang', 'vllm', 'vllm-ray', 'command', 'rehearsal'] as const),
    engineVersion: v.maybe(v.text),
    runtime: v.pick(['systemd', 'process', 'docker'] as const),
    controlInterface: v.maybe(v.text),
    address: v.text(),
    gpuIndices: v.list(() => v.int(15)),
    hcas: v.list(v.text),
    requiredPaths: v.list(v.text),
    ports: v.list(() => ({ name: v.text(), address: v.text(), port: v.int(65_535, 1) })),
    randomPorts: v.maybe(v.text),
    image: v.maybe(v.text),
    processes: [{ id: 'main', argv: ['/bin/x', v.text()], env: v.record(v.text), reasons: v.record(v.text) }],
    files: v.list(() => ({ name: v.pick(['key', 'a.conf']), content: v.text() })),
    health: v.maybe(() => ({
      url: v.text(),
      timeoutSeconds: v.next() * 10,
      healthPath: v.text(),
      modelsPath: v.text(),
    })),
    stopGraceSeconds: v.int(3600),
    minMemlockBytes: v.maybe(v.big),
    minShmBytes: v.maybe(v.big),
  };
}

const aFailure = (v: ReturnType<typeof values>) => ({
  code: 'PORT_TAKEN',
  message: v.text(),
  hint: v.maybe(v.text),
  ...v.pick([{}, { takenPorts: [v.int(65_535, 1), v.int(65_535, 1)] }]),
});

function aReport(v: ReturnType<typeof values>): RankReport {
  return {
    deployment: v.text(),
    epoch: v.big(),
    rank: v.int(200),
    state: v.pick(['prepared', 'running', 'exited', 'stopped'] as const),
    phase: v.pick(PHASES),
    progress: v.maybe(v.next),
    detail: v.maybe(v.text),
    phaseSeconds: { starting: v.next(), weights: v.next() * 1000 },
    exitCode: v.maybe(() => v.int(255)),
    exitSignal: v.maybe(v.text),
    evidence: v.list(v.text),
    sequence: v.big(),
    failure: v.maybe(() => aFailure(v)),
    pid: v.maybe(() => v.int(4_194_304, 1)),
    adopted: v.pick([true, false]),
    ...v.pick([{}, { readings: [aReading(v)] }]),
  };
}

/** As an agent packs what it read in a log. */
function aReading(v: ReturnType<typeof values>): PackedReading {
  const reader = createLogReader('rank0');
  const words = [
    'CUDA out of memory',
    'h:1:2 [0] NCCL INFO Using network IB',
    'OSError',
    'state: RuntimeError:',
  ];
  for (const number of [1, 2, 3]) reader.push(`${v.pick(words)} ${v.text()}`, number);
  return packReading(reader.reading(), v.int(600), (text) => text);
}

function anAction(v: ReturnType<typeof values>): CommandAction {
  const deadline = () => v.int(3600, 1);
  return v.pick<CommandAction>([
    {
      kind: 'prepare',
      plan: aPlan(v),
      specHash: v.text(),
      apiKey: v.text(),
      gangKey: v.text(),
      expiresMs: v.int(60_000),
    },
    {
      kind: 'commit',
      specHash: v.text(),
      deadlines: {
        rendezvousSeconds: deadline(),
        weightsSeconds: deadline(),
        graphsSeconds: deadline(),
        listeningSeconds: deadline(),
        servingSeconds: deadline(),
      },
    },
    { kind: 'abort', reason: v.text() },
    { kind: 'stop', graceMs: v.int(60_000), reason: v.text() },
    { kind: 'probe', probe: v.text(), arguments: v.maybe(() => ({ port: v.int(9), names: v.list(v.text) })) },
    { kind: 'tailLog', process: v.text(), lastLines: v.int(500), follow: v.pick([true, false]) },
    { kind: 'collectFacts' },
  ]);
}

function anAgentMessage(v: ReturnType<typeof values>): FromAgent {
  return v.pick<FromAgent>([
    {
      kind: 'hello',
      hello: {
        bootId: v.text(),
        agentVersion: '0.1.0',
        fingerprint: v.text(),
        maxLeaderEpoch: v.big(),
        ranks: v.list(() => aReport(v)),
        factsHash: v.text(),
        clockMs: v.big(),
      },
    },
    {
      kind: 'facts',
      hash: v.text(),
      facts: { hostname: v.text(), list: v.list(v.text) },
      collectedAtMs: v.big(),
    },
    {
      kind: 'heartbeat',
      heartbeat: {
        sequence: v.big(),
        clockMs: v.big(),
        load1: v.next() * 64,
        memoryAvailableBytes: v.big(),
        gpus: v.list(() => ({ index: v.int(15), usedMemoryBytes: v.big(), utilisationPercent: v.int(100) })),
      },
    },
    { kind: 'rank', report: aReport(v) },
    {
      kind: 'result',
      result: {
        commandId: v.text(),
        failure: v.maybe(() => aFailure(v)),
        prepared: null,
        probe: v.maybe(() => ({ ok: 1 })),
      },
    },
    {
      kind: 'result',
      result: {
        commandId: v.text(),
        failure: null,
        prepared: { bootId: v.text(), sessionId: v.text() },
        probe: null,
      },
    },
    { kind: 'log', commandId: v.text(), data: Buffer.from(v.text()), end: v.pick([true, false]) },
    { kind: 'renew', csrDer: Buffer.from(v.text()) },
  ]);
}

function aCoordinatorMessage(v: ReturnType<typeof values>): FromCoordinator {
  return v.pick<FromCoordinator>([
    {
      kind: 'welcome',
      leaderEpoch: v.big(),
      heartbeatIntervalMs: v.int(60_000, 1),
      sendFacts: v.pick([true, false]),
      coordinatorVersion: '0.1.0',
      nodeName: v.text(),
    },
    {
      kind: 'command',
      command: {
        leaderEpoch: v.big(),
        deployment: v.text(),
        epoch: v.big(),
        commandId: v.text(),
        ttlMs: v.int(60_000),
        action: anAction(v),
      },
    },
    { kind: 'renewed', certificatePem: v.text(), caPem: v.text() },
    { kind: 'removed', reason: v.text() },
  ]);
}

test('every message comes back from the wire as it was, 600 drawn values', async (t) => {
  const kinds = new Set<string>();
  for (let seed = 1; seed <= 300; seed++) {
    const up = anAgentMessage(values(seed));
    const down = aCoordinatorMessage(values(seed + 1000));
    kinds.add(up.kind).add(down.kind === 'command' ? down.command.action.kind : down.kind);
    assert.deepEqual(plain(throughAgentWire(up)), plain(up), `agent, seed ${seed}`);
    assert.deepEqual(plain(throughCoordinatorWire(down)), plain(down), `coordinator, seed ${seed}`);
  }
  t.equal(kinds.size, 7 + 3 + 7, 'every kind of message was drawn');
});

/** protobuf's maps have no prototype, bytes come as Buffer: neither matters. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

test('what does not fit is a named error, not a crash', async (t) => {
  const v = values(7);
  const command = (action: CommandAction): FromCoordinator => ({
    kind: 'command',
    command: { leaderEpoch: 1, deployment: 'd', epoch: 1, commandId: 'c', ttlMs: 0, action },
  });
  const prepare = (change: object): FromCoordinator =>
    command({
      kind: 'prepare',
      plan: { ...aPlan(v), ...change },
      specHash: 'h',
      apiKey: 'k',
      gangKey: 'g',
      expiresMs: 1,
    });
  const bad: readonly (readonly [string, FromCoordinator, RegExp])[] = [
    ['unknown engine', prepare({ engine: 'tensorrt' }), /plan\.engine should be one of sglang/],
    ['unknown runtime', prepare({ runtime: 'podman' }), /plan\.runtime/],
    ['no process', prepare({ processes: [] }), /at least one process/],
    [
      'relative program',
      prepare({ runtime: 'systemd', processes: [{ id: 'main', argv: ['python'], env: {}, reasons: {} }] }),
      /absolute path, found "python"/,
    ],
    [
      'process id as path',
      prepare({ processes: [{ id: '../x', argv: ['/x'], env: {}, reasons: {} }] }),
      /process\.id/,
    ],
    ['file name as path', prepare({ files: [{ name: '../../etc/passwd', content: '' }] }), /plan\.files/],
    ['port 0', prepare({ ports: [{ name: 'a', address: 'b', port: 0 }] }), /1 to 65535/],
    [
      'no command id',
      {
        kind: 'command',
        command: {
          leaderEpoch: 1,
          deployment: '',
          epoch: 0,
          commandId: '',
          ttlMs: 0,
          action: { kind: 'collectFacts' },
        },
      },
      /command_id/,
    ],
    [
      'heartbeats without interval',
      {
        kind: 'welcome',
        leaderEpoch: 1,
        heartbeatIntervalMs: 0,
        sendFacts: true,
        coordinatorVersion: '0',
        nodeName: '',
      },
      /heartbeat_interval/,
    ],
  ];
  for (const [name, message, expected] of bad) {
    t.throws(() => throughCoordinatorWire(message), { code: 'INVALID_ARGUMENT', message: expected }, name);
  }
  const report = { kind: 'rank', report: { ...aReport(v), phase: 'dreaming' } } as unknown as FromAgent;
  t.throws(() => throughAgentWire(report), {
    code: 'INVALID_ARGUMENT',
    message: /rank\.phase .* found "dreaming"/,
  });
  const readings = [{ ...aReading(v), hits: 'many' }];
  t.throws(
    () => throughAgentWire({ kind: 'rank', report: { ...aReport(v), readings } } as unknown as FromAgent),
    {
      code: 'INVALID_ARGUMENT',
      message: /rank\.readings_json should be a list of readings/,
    },
  );
  t.throws(() => decodeFromAgent(session.requestDeserialize(Buffer.alloc(0))), {
    message: /kind that this version knows/,
  });
  const json = session.requestSerialize({
    body: 'facts',
    facts: { hash: 'h', factsJson: Buffer.from('{"a"'), collectedAtMs: 1 },
  });
  t.throws(() => decodeFromAgent(session.requestDeserialize(json)), {
    code: 'INVALID_ARGUMENT',
    message: /facts_json should be JSON/,
  });
  t.throws(() => throughAgentWire({ kind: 'rank', report: { ...aReport(v), epoch: 2 ** 60 } }), {
    message: /rank\.epoch/,
  });
});

test('the generated types are those of proto/', async (t) => {
  const root = join(import.meta.dirname, '../../..');
  const out = join(t.testdir(), 'generated');
  execFileSync(join(root, 'scripts/gen-proto'), [out], { stdio: 'pipe' });
  const committed = join(root, 'packages/shared/src/wire/generated');
  const files = (dir: string) =>
    readdirSync(dir, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .sort();
  t.strictSame(files(committed), files(out), 'run scripts/gen-proto');
  for (const name of files(out)) {
    t.equal(
      readFileSync(join(committed, name), 'utf8'),
      readFileSync(join(out, name), 'utf8'),
      `${name}: run scripts/gen-proto`,
    );
  }
});
