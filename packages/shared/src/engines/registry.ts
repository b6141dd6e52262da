/** All engines. Adding one is adding a folder and a line here. */
import type { EngineKind } from '../spec/deployment.ts';
import { command } from './command/command.ts';
import type { Engine } from './engine.ts';
import { rehearsal } from './rehearsal/rehearsal.ts';
import { sglang } from './sglang/sglang.ts';
import { vllm } from './vllm/vllm.ts';
import { vllmRay } from './vllm-ray/vllm-ray.ts';

const ENGINES: Readonly<Record<EngineKind, Engine>> = {
  sglang,
  vllm,
  'vllm-ray': vllmRay,
  command,
  rehearsal,
};

export const engineOf = (kind: EngineKind): Engine => ENGINES[kind];
