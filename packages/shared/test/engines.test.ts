import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { defectWarnings } from '../src/engines/defects.ts';
import type { Engine, RankContext } from '../src/engines/engine.ts';
import type { Phase } from '../src/engines/phases.ts';
import { laterPhase } from '../src/engines/phases.ts';
import { engineOf } from '../src/engines/registry.ts';
import { compareVersions } from '../src/engines/versions.ts';
import type { EngineInstall } from '../src/facts/node.ts';
import type { DeploymentSpec } from '../src/spec/deployment.ts';

const engine = (kind: DeploymentSpec['engine']['kind']): Engine => {
  const found = engineOf(kind);
  if (found === null) throw new Error(`no engine ${kind}`);
  return found;
};
const install = (name: 'sglang' | 'vllm', version: string): EngineInstall => ({
  engine: name,
  version,
  python: `/opt/${name}/bin/python`,
  pythonVersion: null,
  torch: null,
  nccl: null,
  cuda: null,
  ray: '2.60.0',
});
const problems = (
  kind: 'sglang' | 'vllm' | 'vllm-ray',
  version: string,
  args: readonly string[],
  env: Record<string, string> = {},
) =>
  engine(kind)
    .check(
      { name: 'x', engine: { kind, args: [...args], env }, model: { path: '/m' } },
      install(kind === 'sglang' ? 'sglang' : 'vllm', version),
    )
    .map(({ category, because, fix }) => `${category}: ${because} → ${fix}`);

/** The phases that a rank enters while its log is read, each once, with the last progress seen in it. */
function phasesOf(kind: DeploymentSpec['engine']['kind'], rank: number, log: string): string[] {
  let phase: Phase = 'starting';
  const seen = new Map<Phase, number | null>();
  for (const line of log.trim().split('\n')) {
    const hint = engine(kind).phases.read(line, { rank, phase });
    if (hint === null) continue;
    phase = laterPhase(phase, hint.phase);
    if (hint.phase === phase) seen.set(phase, hint.progress ?? seen.get(phase) ?? null);
  }
  return [...seen].map(([name, progress]) => (progress === null ? name : `${name} ${progress}`));
}

test('SGLang phases, in the words of 0.5.17 and of 0.5.23', async (t) => {
  t.same(
    phasesOf(
      'sglang',
      0,
      `
[2026-11-23 10:00:00 TP0] Init torch distributed begin.
[2026-11-23 10:00:01 TP0] Init torch distributed ends. elapsed=0.90 s, mem usage=0.10 GB
[2026-11-23 10:00:02 TP0] Load weight begin. avail mem=78.50 GB
Loading safetensors checkpoint shards:   0% Completed | 0/4 [00:00<?, ?it/s]\rLoading safetensors checkpoint shards:  50% Completed | 2/4 [00:01<00:01, 2.1it/s]
[2026-11-23 10:00:03 TP0] Load weight end. elapsed=1.1 s, type=LlamaForCausalLM, avail mem=70.1 GB, mem usage=8.4 GB.
[2026-11-23 10:00:04 TP0] Capture target decode CUDA graph begin. backend=full
Capturing batches (bs=8 avail_mem=54.05 GB):  75%|███████▌  | 3/4 [00:01<00:00, 2.5it/s]
[2026-11-23 10:00:06] INFO:     Uvicorn running on http://10.77.0.1:30000 (Press CTRL+C to quit)
[2026-11-23 10:00:09] The server is fired up and ready to roll!`,
    ),
    ['rendezvous 1', 'weights 0.5', 'graphs 0.75', 'listening', 'serving'],
  );
  const follower = `
[2026-11-23 10:00:00 TP1] Init parallel begin.
[2026-11-23 10:00:29 TP1] Init parallel ends. elapsed=29.9 s
[2026-11-23 10:00:29 TP1] Gated launch waiting for activation. rank=1
[2026-11-23 10:00:30 TP1] Load weight begin. avail mem=18.28 GB
[2026-11-23 10:00:31 TP1] Load weight end. elapsed=0.6 s, type=LlamaForCausalLM, avail mem=18.28 GB, mem usage=0.00 GB.
[2026-11-23 10:00:33] Dummy health check server started in background thread at 10.77.0.2:30000`;
  t.same(phasesOf('sglang', 1, follower), ['rendezvous 1', 'weights', 'graphs', 'listening']);
  t.equal(
    engine('sglang').followerDonePhase,
    'listening',
    'the dummy server is the last that a follower says',
  );
  t.same(
    phasesOf(
      'sglang',
      0,
      '[2026-11-23 10:00:00 TP0] Init parallel begin.\n[c10d] The hostname of the client socket cannot be retrieved. err=-3',
    ),
    ['rendezvous'],
  );
});

test('vLLM phases of head and follower', async (t) => {
  t.same(
    phasesOf(
      'vllm',
      0,
      `
(Worker pid=9) INFO 11-23 10:00:00 [parallel_state.py:1906] world_size=2 rank=0 local_rank=0 distributed_init_method=tcp://10.77.0.1:20001 backend=nccl
(Worker pid=9) INFO 11-23 10:00:05 [parallel_state.py:2350] rank 0 in world size 2 is assigned as DP rank 0, PP rank 0, PCP rank 0, TP rank 0, ETP rank 0
(Worker_TP0 pid=9) INFO 11-23 10:00:05 [gpu_model_runner.py:68] Starting to load model /models/r1...
Loading safetensors checkpoint shards:  40% Completed | 2/5 [00:00<00:01, 2.79it/s]
(Worker_TP0 pid=9) INFO 11-23 10:00:09 [default_loader.py:501] Loading weights took 3.01 seconds
(EngineCore pid=8) INFO 11-23 10:00:10 [kv_cache_utils.py:2327] GPU KV cache size: 65,536 tokens, Maximum concurrency for 512 tokens per request: 128.00x
Capturing CUDA graphs (decode, FULL):  25%|██▌       | 1/4 [00:00<00:01, 2.90it/s]
(APIServer pid=7) INFO 11-23 10:00:12 [entry.py:140] Starting vLLM server on http://10.77.0.1:8000
INFO:     Application startup complete.`,
    ),
    ['rendezvous 1', 'weights 0.4', 'graphs 0.25', 'listening', 'serving'],
  );
  t.same(
    phasesOf(
      'vllm',
      1,
      `
(MainProcess pid=5) INFO 11-23 10:00:00 [serve.py:224] Launching vLLM (v0.32.0) headless multiproc executor, with head node address 10.77.0.1:20001 for torch.distributed process group.
(Worker pid=6) INFO 11-23 10:00:05 [parallel_state.py:2350] rank 1 in world size 2 is assigned as DP rank 0, PP rank 0, PCP rank 0, TP rank 1, ETP rank 1
(Worker_TP1 pid=6) INFO 11-23 10:00:06 [default_loader.py:501] Loading weights took 3.01 seconds`,
    ),
    ['rendezvous 1', engine('vllm').followerDonePhase],
  );
  t.same(
    phasesOf(
      'vllm',
      0,
      'INFO 07-01 10:00:00 [api_server.py:1287] Starting vLLM API server 0 on http://0.0.0.0:8000',
    ),
    ['listening'],
    'wording of 0.9',
  );
});

test('phases of real gangs: complete logs of two CPU ranks each, planned and started by dsr1', async (t) => {
  const log = (name: string) =>
    readFileSync(join(import.meta.dirname, '../../../test/data/engine-logs', `${name}.log`), 'utf8');
  const names = (kind: 'sglang' | 'vllm' | 'vllm-ray', rank: number, file: string, layout = 'tp2') =>
    phasesOf(kind, rank, log(`${file}-${layout}-rank${rank}`)).map((phase) => phase.split(' ')[0]);
  const all = ['rendezvous', 'weights', 'graphs', 'listening', 'serving'];
  t.same(names('vllm', 0, 'vllm-0.32.0'), all);
  t.same(names('vllm', 1, 'vllm-0.32.0'), all.slice(0, 3));
  t.same(names('sglang', 0, 'sglang-0.5.23'), all);
  t.same(names('sglang', 1, 'sglang-0.5.23'), all.slice(0, 4));
  t.same(names('vllm-ray', 0, 'vllm-ray-0.32.0', 'pp2'), all);
  t.same(names('vllm-ray', 1, 'vllm-ray-0.32.0', 'pp2'), all.slice(0, 1), 'a Ray node alone');
});

test('rehearsal phases', async (t) => {
  t.same(
    phasesOf(
      'rehearsal',
      0,
      `
rehearsal: rendezvous: waiting for rank 1 (1 of 2 present)
rehearsal: rendezvous complete, 2 ranks in 0.41 s
rehearsal: exchange: rank 0 <-> rank 1 over 10.77.0.2 ok, 812 MB/s
rehearsal: exchange complete
rehearsal: listening on http://10.77.0.1:8000
rehearsal: serving`,
    ),
    ['rendezvous', 'weights', 'graphs 1', 'listening', 'serving'],
  );
  t.same(
    engine('rehearsal').phases.read('rehearsal: rendezvous: waiting for rank 1 (1 of 2 present)', {
      rank: 0,
      phase: 'starting',
    }),
    {
      phase: 'rendezvous',
      detail: 'waiting for rank 1 (1 of 2 present)',
    },
  );
  t.equal(
    engine('rehearsal').phases.read('a client said rehearsal: serving', { rank: 0, phase: 'starting' }),
    null,
  );
});

test('flags: what the plan owns, in every spelling', async (t) => {
  for (const spelling of ['--tensor-parallel-size', '--tensor_parallel_size=8', '-tp', '--tensor-par'])
    t.match(problems('vllm', '0.32.0', [spelling, '8']), [/^flag-owned: .*parallelism\.tensor/], spelling);
  for (const spelling of ['--tp', '--tp-size', '--tensor-parallel-size', '--nccl-init-addr', '--dist-init'])
    t.match(problems('sglang', '0.5.23', [spelling, '8']), [/^flag-owned/], spelling);
  t.match(
    problems('vllm', '0.99.0', ['--headless']),
    [/^flag-owned/],
    'owned flags are known without a table',
  );
  t.same(problems('vllm', '0.99.0', ['--brand-new-flag']), [], 'an unknown version cannot lack a flag');
});

test('flags: what the version lacks, with the replacement', async (t) => {
  t.match(problems('vllm', '0.32.0', ['--enable-reasoning']), [
    /^bad-flag: vLLM 0\.32\.0 has no --enable-reasoning → .*--reasoning-parser/,
  ]);
  t.match(problems('vllm', '0.32.0+cpu', ['--max_seq_len_to_capture', '16384']), [
    /^bad-flag.*cudagraph_capture_sizes/,
  ]);
  t.match(problems('vllm', '0.32.0', ['--enable-chunked-prefill=False']), [
    /takes no value, found =False → write --no-enable-chunked-prefill/,
  ]);
  t.match(problems('vllm', '0.32.0', ['--gpu-memory-utilisation', '0.9']), [
    /did you mean --gpu-memory-utilization\?/,
  ]);
  t.match(problems('vllm', '0.32.0', ['stray', '--seed', '1']), [
    /^bad-flag: engine\.args starts with stray/,
  ]);
  t.match(problems('sglang', '0.5.23', ['--disable-mla']), [
    /^bad-flag: SGLang 0\.5\.23 has no --disable-mla → use --attention-backend/,
  ]);
  t.match(problems('sglang', '0.5.23', ['--gated-launch-port', '21000']), [
    /^flag-owned: .*→ use engine\.gated/,
  ]);
  t.match(problems('sglang', '0.5.23', ['--enable']), [/^bad-flag: --enable could mean/]);
  t.match(problems('vllm-ray', '0.32.0', ['--distributed-executor-backend', 'mp']), [/^flag-owned/]);
  t.match(problems('vllm-ray', '0.32.0', [], { RAY_ADDRESS: 'x:1' }), [/^env-owned/]);
  t.match(problems('vllm', '0.8.2', []), [/^engine-version: vLLM 0\.8\.2 cannot span nodes/]);
  const alone = { name: 'x', engine: { kind: 'vllm' }, model: { path: '/m' }, nodes: { count: 1 } } as const;
  t.same(engine('vllm').check(alone, install('vllm', '0.8.2')), [], 'one node is not spanned');
  t.same(
    problems('vllm', '0.32.0', [
      '-cc.mode=2',
      '-cc.backend=eager',
      '--max_model_len',
      '-1',
      '--no-enable-prefix-caching',
      '--trust-remote-code',
      '--compilation-config.cudagraph_mode=none',
    ]),
    [],
  );
  t.same(
    problems('sglang', '0.5.23', [
      '--mem-fraction-static',
      '0.9',
      '--cuda-graph-backend-decode',
      'disabled',
      '--c128-page-size',
      '128',
      '--watchdog-timeout',
      '30',
    ]),
    [],
  );
});

test('flags: every tested version has its own list', async (t) => {
  t.match(problems('sglang', '0.5.17', ['--c128-page-size', '128']), [/0\.5\.17 has no --c128-page-size/]);
  t.same(problems('sglang', '0.5.17', ['--torchao-config', 'int8', '--attention-backend', 'triton']), []);
  t.match(problems('sglang', '0.5.23', ['--torchao-config', 'int8']), [/^bad-flag/]);
  t.same(problems('sglang', '0.5.23.post1', ['--c128-page-size', '128']), []);
  t.equal(engine('sglang').knowsFlagsOf(install('sglang', '0.5.18')), false);
  const read = { ...install('sglang', '0.6.1'), flags: '--help,-h! --device' };
  t.equal(engine('sglang').knowsFlagsOf(read), true, 'a list that was read of the install itself');
  const spec = {
    name: 'x',
    engine: { kind: 'sglang', args: ['--device=cpu', '--c128-page-size', '1'] },
  } as const;
  t.match(
    engine('sglang').check({ ...spec, engine: { ...spec.engine, args: [...spec.engine.args] } }, read),
    [{ category: 'bad-flag', because: 'SGLang 0.6.1 has no --c128-page-size' }],
  );
  t.equal(engine('vllm').knowsFlagsOf(install('vllm', '0.32.0+cpu')), true);
});

test('environment: owned, dangerous, secret, out of range', async (t) => {
  const env = (name: string, value = 'x') => problems('sglang', '0.5.23', [], { [name]: value });
  for (const name of [
    'SGLANG_HOST_IP',
    'HOST_IP',
    'NCCL_SOCKET_IFNAME',
    'GLOO_SOCKET_IFNAME',
    'NCCL_IB_HCA',
    'NCCL_IB_GID_INDEX',
    'NCCL_IB_DISABLE',
  ])
    t.match(env(name), [/^env-owned/], name);
  for (const name of [
    'LD_PRELOAD',
    'LD_AUDIT',
    'PYTHONPATH',
    'PATH',
    'NODE_RANK',
    'WORLD_SIZE',
    'MASTER_ADDR',
  ])
    t.match(env(name), [/^env-dangerous/], name);
  for (const name of ['HF_TOKEN', 'OPENAI_API_KEY', 'AWS_SECRET_ACCESS_KEY'])
    t.match(env(name), [/^env-secret/], name);
  t.match(env('NCCL_IB_RETRY_CNT', '12'), [/^env-range: .*NCCL takes 0 to 7/]);
  t.match(env('NCCL_IB_TIMEOUT', ''), [/^env-range/]);
  t.match(env('A B'), [/^env-name/]);
  t.match(env('CUDA_VISIBLE_DEVICES', '0,1'), [/^env-owned: .*gpusPerNode/]);
  t.match(problems('vllm', '0.32.0', [], { VLLM_PORT: '9000' }), [/^env-owned/]);
  t.same(
    problems('sglang', '0.5.23', [], {
      CUDA_VISIBLE_DEVICES: '',
      SGLANG_USE_CPU_ENGINE: '1',
      OMP_NUM_THREADS: '1',
      TOKENIZERS_PARALLELISM: 'false',
      NCCL_IB_TIMEOUT: '22',
      NCCL_DEBUG: 'WARN',
    }),
    [],
  );
});

test('command: placeholders are checked before anything runs', async (t) => {
  const check = (words: string[], model?: { path: string }) =>
    engine('command')
      .check(
        { name: 'x', engine: { kind: 'command', command: words }, ...(model === undefined ? {} : { model }) },
        null,
      )
      .map(({ because }) => because);
  t.match(check(['/bin/run', '--rank={rnk}']), [/\{rnk\}, which is no placeholder/]);
  t.match(check(['/bin/run', '{model}']), [/model\.path is not set/]);
  t.match(check(['run']), [/not an absolute path/]);
  t.same(check(['/bin/run', '{rank}', '{model}', '{"json": {"a": 1}}'], { path: '/m' }), []);
});

test('versions compare by number', async (t) => {
  t.ok(compareVersions('0.5.9', '0.5.17') < 0);
  t.ok(compareVersions('0.5.17.post1', '0.5.17') > 0);
  t.equal(compareVersions('0.32.0+cpu', '0.32.0'), 0);
});

test('the gated start of SGLang', async (t) => {
  const { ports, check, processes } = engine('sglang');
  const gated: DeploymentSpec = { name: 'x', engine: { kind: 'sglang', gated: true }, model: { path: '/m' } };
  const open: DeploymentSpec = { ...gated, engine: { kind: 'sglang' } };
  t.same(check(gated, install('sglang', '0.5.23')), []);
  t.match(check(gated, install('sglang', '0.5.17')), [
    { category: 'bad-flag', because: /^SGLang 0\.5\.17 has no --gated-launch-port/ },
  ]);
  t.same(check(gated, { ...install('sglang', '0.5.17'), flags: '--gated-launch-port' }), [], 'read of it');
  t.equal(ports(open).length, 2);
  t.match(ports(gated)[2], { name: 'gate', span: 1, use: 'rendezvous', on: 'head' });
  const headPorts = { http: 20000, 'dist-init': 21000, gate: 21001 };
  const context = (spec: DeploymentSpec, rank: number): RankContext => ({
    spec,
    rank,
    nodes: 2,
    gpusPerNode: 0,
    tensor: 2,
    pipeline: 1,
    servedName: 'x',
    modelPath: '/m',
    head: { address: '10.0.0.1' },
    address: `10.0.0.${rank + 1}`,
    controlInterface: null,
    fabricEnv: {},
    fabricEnvReasons: {},
    install: install('sglang', '0.5.23'),
    ports: rank === 0 ? headPorts : { http: 20000 },
    headPorts,
    addresses: ['10.0.0.1', '10.0.0.2'],
    agentCommand: [],
    rails: [],
  });
  for (const rank of [0, 1]) {
    const [main] = processes(context(gated, rank));
    const at = main?.argv.indexOf('--gated-launch-port') ?? -1;
    t.equal(main?.argv[at + 1], '21001', `rank ${rank}`);
    t.match(main?.reasons['--gated-launch-port'], /^engine\.gated/);
    t.notOk(processes(context(open, rank))[0]?.argv.includes('--gated-launch-port'));
  }
  const plans = (rank: number) => engine('sglang').portPlans(context(gated, rank));
  t.match(plans(0).at(-1), { name: 'gate', address: '10.0.0.1', port: 21001 });
  t.same(
    plans(1).map(({ name }) => name),
    ['http'],
    'the head alone listens',
  );
});

test('versions with known defects: refused or warned of where a deployment meets them, with the source', async (t) => {
  const spec = (kind: Engine['kind'], more: Partial<DeploymentSpec> = {}, ...args: string[]) => ({
    name: 'x',
    model: { path: '/m' },
    ...more,
    engine: { kind, args },
  });
  const told = (given: DeploymentSpec, version: string, more: Partial<EngineInstall> = {}) => {
    const { kind } = given.engine;
    const found = { ...install(kind === 'sglang' ? 'sglang' : 'vllm', version), ...more };
    const refused = engine(kind)
      .check(given, found)
      .filter(({ category }) => category === 'engine-version');
    return [
      ...refused.map(({ because }) => `refuses: ${because}`),
      ...defectWarnings(engine(kind).defects, given, found),
    ];
  };
  const alone = { nodes: { count: 1 } };
  const pipeline = { parallelism: { pipeline: 2 } };
  t.match(told(spec('vllm'), '0.11.2'), [
    /^refuses: vLLM 0\.11\.2 cannot span nodes .*pull\/23691/,
    /trust-remote/,
  ]);
  t.same(told(spec('vllm'), '0.32.0'), []);
  t.match(told(spec('vllm-ray'), '0.8.4'), [
    /^vLLM 0\.8\.4 opens its message queue .*GHSA-9f8f.*: install 0\.8\.5/,
  ]);
  t.same(told(spec('vllm-ray'), '0.8.5'), []);
  t.same(told(spec('vllm-ray', alone), '0.8.4'), []);
  t.match(told(spec('vllm-ray'), '0.32.0', { ray: '2.51.1' }), [/^Ray 2\.51\.1 has no tokens/]);
  t.same(told(spec('vllm-ray'), '0.32.0', { ray: '2.52.0' }), []);
  t.match(told(spec('vllm', alone), '0.17.1'), [/CVE-2026-27893/]);
  t.same(told(spec('vllm', alone), '0.18.0'), []);
  t.match(told(spec('vllm', pipeline), '0.20.2'), [/^vLLM 0\.20\.2 can mix tokens .*--no-async-scheduling/]);
  t.same(told(spec('vllm', pipeline, '--no-async-scheduling'), '0.20.2'), []);
  t.same(told(spec('vllm', pipeline), '0.21.0'), []);
  const cpu = { ...pipeline, gpusPerNode: 0 };
  t.match(told(spec('vllm', cpu, '--enforce-eager'), '0.32.0+cpu'), [
    /^refuses: vLLM .* dies of its first request/,
  ]);
  t.same(told(spec('vllm', cpu), '0.32.0+cpu'), []);
  t.same(told(spec('vllm', pipeline, '--enforce-eager'), '0.32.0'), [], 'on GPUs it is not known');
  t.match(told(spec('sglang'), '0.5.23', { torch: '2.11.0+cu130' }), [
    /^refuses: SGLang 0\.5\.23 has a kernel library/,
  ]);
  t.same(told(spec('sglang', { gpusPerNode: 0 }), '0.5.23', { torch: '2.11.0' }), []);
  t.same(told(spec('sglang'), '0.5.23', { torch: '2.14.1' }), []);
  t.same(told(spec('sglang'), '0.5.17', { torch: '2.11.0' }), []);
  t.match(told(spec('sglang'), '0.4.6.post4'), [/issues\/6465/]);
  t.same(told(spec('sglang'), '0.4.6.post3'), []);
  t.same(told(spec('sglang'), '0.4.6.post5'), []);
});

test('docs/engines.md names every known defect by its source', async (t) => {
  const docs = readFileSync(join(import.meta.dirname, '../../../docs/engines.md'), 'utf8');
  const known = (['vllm', 'vllm-ray', 'sglang'] as const).flatMap((kind) => engine(kind).defects);
  for (const { source } of known) t.ok(docs.includes(`| ${source} |`), source);
});
