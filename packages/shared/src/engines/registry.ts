/** All engines. Adding one is adding a folder and a line here. */
import type { EngineKind } from '../spec/deployment.ts';
import { command } from './command/command.ts';
import type { Engine } from './engine.ts';
import { rehearsal } from './rehearsal/rehearsal.ts';
import { sglang } from './sglang/sglang.ts';
import { vllm } from './vllm/vllm.ts';

const ENGINES: Readonly<Partial<Record<EngineKind, Engine>>> = { sglang, vllm, command, rehearsal };

/** The engine of a kind; null for one that this build lacks. */
export const engineOf = (kind: EngineKind): Engine | null => ENGINES[kind] ?? null;
