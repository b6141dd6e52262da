/** Ten ways to break a gang of real engines on two hosts, and what dsr1 has to say of each. */
import type { DiagnosisCategory } from '@dsr1/shared/diagnose/model';
import { parse, stringify } from 'yaml';
import { type Cluster, must } from '../lab/cluster.ts';
import type { LabEngine } from '../lab/engines.ts';
import type { Lab } from '../lab/lab.ts';
import { sglangGang, vllmGang } from './gangs.ts';

export interface Broken {
  /** Also the name of its deployment. */
  readonly name: string;
  readonly file: string;
  readonly category: DiagnosisCategory;
  /** Where it must be found: refused before anything exists, refused by a node, or told from what the engine did. */
  readonly stage: 'plan' | 'prepare' | 'engine';
  /** In the lines that prove it. */
  readonly evidence: RegExp;
  readonly breaks?: (lab: Lab, cluster: Cluster) => unknown;
  readonly mends?: (lab: Lab, cluster: Cluster) => unknown;
}

export interface Engines {
  readonly vllm: LabEngine;
  readonly sglang: LabEngine;
  /** Folder of a model with 3 heads. */
  readonly oddModel: string;
}

const COPY = '/models/copy';
const TAKEN_PORT = 18_000;

export function brokenGangs({ vllm, sglang, oddModel }: Engines): readonly Broken[] {
  const ofVllm = (name: string, change: object = {}) => changed(vllmGang(name, vllm, { tensor: 2 }), change);
  const ofSglang = (name: string, change: object = {}) =>
    changed(sglangGang(name, sglang, { tensor: 2 }), change);
  const copied = { model: { path: COPY, servedName: 'tiny' } };
  return [
    {
      name: 'unknown-flag',
      file: ofVllm('unknown-flag', { engine: { args: ['--max-modle-len', '2048'] } }),
      category: 'bad-flag',
      stage: 'plan',
      evidence: /no --max-modle-len/,
    },
    {
      name: 'unequal-versions',
      file: ofVllm('unequal-versions', { engine: { python: undefined } }),
      category: 'version-mismatch',
      stage: 'plan',
      evidence: /differ in engine version/,
      breaks: async (lab, cluster) => {
        must(await lab.exec(2, ['python3', '-c', NEWER_VLLM]), 'install');
        await freshFacts(cluster);
      },
      mends: async (lab, cluster) => {
        must(await lab.exec(2, ['rm', '-r', '/opt/engines/vllm-newer']), 'rm');
        await freshFacts(cluster);
      },
    },
    {
      name: 'wrong-interface',
      file: ofSglang('wrong-interface', {
        network: { perNode: { 'gpu-2': { controlInterface: 'rail0' } } },
      }),
      category: 'wrong-interface',
      stage: 'plan',
      evidence: /rail0/,
    },
    {
      name: 'little-shm',
      file: ofVllm('little-shm'),
      category: 'shm-too-small',
      stage: 'prepare',
      evidence: /\/dev\/shm has only 1048576 bytes/,
      breaks: async (lab) =>
        must(await lab.exec(2, ['mount', '-o', 'remount,size=1M', '/dev/shm']), 'remount'),
      mends: async (lab) =>
        must(await lab.exec(2, ['mount', '-o', 'remount,size=2G', '/dev/shm']), 'remount'),
    },
    {
      name: 'no-model-on-gpu-2',
      file: ofSglang('no-model-on-gpu-2', copied),
      category: 'model-files-missing',
      stage: 'prepare',
      evidence: /\/models\/copy does not exist on this node/,
      breaks: async (lab) => must(await lab.exec(1, ['cp', '-r', vllm.model, COPY]), 'cp'),
    },
    {
      name: 'truncated-shard',
      file: ofVllm('truncated-shard', copied),
      category: 'weights-corrupt',
      stage: 'prepare',
      evidence: /model\.safetensors/,
      breaks: async (lab) => {
        must(await lab.exec(2, ['cp', '-r', vllm.model, COPY]), 'cp');
        must(await lab.exec(2, ['truncate', '-s', '-1000', `${COPY}/model.safetensors`]), 'truncate');
      },
    },
    {
      name: 'odd-heads',
      file: ofVllm('odd-heads', { model: { path: oddModel, servedName: 'tiny' } }),
      category: 'parallel-size-invalid',
      stage: 'prepare',
      evidence: /3 attention heads/,
    },
    {
      name: 'port-taken',
      file: ofSglang('port-taken', { endpoint: { port: TAKEN_PORT } }),
      category: 'port-in-use',
      stage: 'prepare',
      evidence: /port 18000 .* is in use/,
      breaks: async (lab) =>
        must(await lab.exec(1, [...unit('taker'), 'python3', '-m', 'http.server', `${TAKEN_PORT}`]), 'taker'),
      mends: async (lab) => must(await lab.exec(1, ['systemctl', 'stop', 'taker']), 'stop'),
    },
    {
      name: 'little-memory',
      file: ofVllm('little-memory'),
      category: 'host-oom-killed',
      stage: 'engine',
      evidence: /SIGKILL/,
      breaks: (lab) => lab.limitMemory(2, 300 * 2 ** 20),
      mends: (lab) => lab.limitMemory(2, null),
    },
    {
      name: 'no-compiler',
      file: ofSglang('no-compiler', { engine: { env: { TORCH_COMPILE_DISABLE: undefined } } }),
      category: 'toolchain-missing',
      stage: 'engine',
      evidence: /InvalidCxxCompiler|No working C\+\+ compiler/,
    },
  ];
}

const unit = (name: string): readonly string[] => ['systemd-run', '--quiet', `--unit=${name}`];

/** Metadata of a vLLM that no rank of this gang may meet; facts come from metadata alone. */
const NEWER_VLLM = `
import os
site = '/opt/engines/vllm-newer/lib/python3.11/site-packages/vllm-0.33.0.dist-info'
os.makedirs(site); os.makedirs('/opt/engines/vllm-newer/bin')
os.symlink('/usr/bin/python3', '/opt/engines/vllm-newer/bin/python')
open(site + '/METADATA', 'w').write('Metadata-Version: 2.1\\nName: vllm\\nVersion: 0.33.0\\n')
`;

async function freshFacts(cluster: Cluster): Promise<void> {
  must(await cluster.ctl(['facts', 'gpu-2', '--fresh']), 'facts');
}

/** The deployment with some of its keys changed; undefined takes one away. */
function changed(file: string, change: object): string {
  return stringify(merge(parse(file), change));
}

function merge(old: unknown, change: unknown): unknown {
  if (!isMap(old) || !isMap(change)) return change;
  const keys = [...new Set([...Object.keys(old), ...Object.keys(change)])];
  return Object.fromEntries(
    keys
      .map((key) => [key, key in change ? merge(old[key], change[key]) : old[key]] as const)
      .filter(([, value]) => value !== undefined),
  );
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
