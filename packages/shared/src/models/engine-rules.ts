/** What differs between engines and their versions, as data that the rest of the arithmetic takes. */
import { atLeast } from '../engines/versions.ts';
import type { Remainder } from './parallel.ts';

export type FitEngine = 'vllm' | 'sglang';

export interface EngineRules {
  readonly engine: FitEngine;
  /** Null: not said; the newest is assumed. */
  readonly version: string | null;
  readonly remainder: Remainder;
  /** MLA is cached as a latent vector; before vLLM 0.7.1 as full heads. */
  readonly latentCache: boolean;
  /** What is kept beside kv_b for decoding in the latent space. */
  readonly absorbed: 'copy' | 'product' | null;
  /** The latent vector was padded from 576 to 640 elements (vLLM 0.7, V0 engine). */
  readonly latentPadTo: number;
  /** Sliding-window layers have block tables of their own (vLLM since 0.10). */
  readonly windowGroups: boolean;
  /** Layers of one kind may outnumber the others by this factor before groups are cut to the smaller number. */
  readonly groupSlack: number;
  /** Blocks of a request in each group of recurrent layers: one state, and one more to cache prefixes (vLLM since 0.19). */
  readonly stateBlocks: number;
  /** Sampling sorts all logits (vLLM until 0.16). */
  readonly sortsLogits: boolean;
  /** FP8 rows of sparse attention carry no scales on Blackwell (FLASHINFER_MLA_SPARSE, vLLM since 0.17). */
  readonly plainSparseRows: boolean;
  /** Rotary tables are kept in float32 (SGLang), not in the model's type. */
  readonly wideRotary: boolean;
  /** CUDA graphs come out of the budget (vLLM since 0.21). */
  readonly graphsInBudget: boolean;
  /** The printed tokens are requests of full length × that length, not blocks (vLLM since 0.21: its issue 43308). */
  readonly tokensByRequests: boolean;
  /** `--gpu-memory-utilization` when it is not set; SGLang derives its own from the GPU, before 0.4.7 from the tensor size. */
  readonly fraction: number | 'by-gpu' | 'by-tensor';
  /** A dtype that the GPU lacks becomes float16 by itself (vLLM since 0.9: config/model.py _resolve_auto_dtype; SGLang always). */
  readonly dtypeFalls: boolean;
  /** Chunked prefill and 1024 sequences on large GPUs (vLLM's V1 engine). */
  readonly scheduler: 'v0' | 'v1';
}

/** Where a release changed the arithmetic. Dates stand for releases when a log shows only a date. */
export function engineRules(engine: FitEngine, version: string | null): EngineRules {
  const number = version === null ? null : versionNumber(engine, version);
  const since = (minimum: string): boolean => number === null || atLeast(number, minimum);
  if (engine === 'sglang')
    return {
      engine,
      version: number,
      remainder: 'at-the-end',
      latentCache: true,
      absorbed: 'copy',
      latentPadTo: 1,
      windowGroups: true,
      groupSlack: 1,
      stateBlocks: 1,
      sortsLogits: false,
      plainSparseRows: false,
      wideRotary: true,
      graphsInBudget: false,
      tokensByRequests: false,
      fraction: since('0.4.7') ? 'by-gpu' : 'by-tensor',
      dtypeFalls: true,
      scheduler: 'v1',
    };
  return {
    engine,
    version: number,
    remainder: since('0.7.2') ? 'before-last' : 'last',
    latentCache: since('0.7.1'),
    absorbed: since('0.8.0') ? 'copy' : since('0.7.1') ? 'product' : null,
    latentPadTo: since('0.7.1') && !since('0.8.0') ? 640 : 1,
    windowGroups: since('0.10.0'),
    groupSlack: since('0.14.0') ? 1.5 : 1.25,
    stateBlocks: number !== null && since('0.19.0') ? 2 : 1,
    sortsLogits: number === null || !since('0.17.0'),
    plainSparseRows: since('0.17.0'),
    wideRotary: false,
    graphsInBudget: number !== null && since('0.21.0'),
    tokensByRequests: number !== null && since('0.21.0'),
    fraction: number !== null && since('0.20.0') ? 0.92 : 0.9,
    dtypeFalls: since('0.9.0'),
    scheduler: /\bV0\b/.test(version ?? '') || !since('0.8.0') ? 'v0' : 'v1',
  };
}

/** `0.10.2 (2025-09-29)` → `0.10.2`; `main 2025-05-09` → the release of that month; null when it says neither. */
function versionNumber(engine: FitEngine, text: string): string | null {
  const [number] = /\d+\.\d+(?:\.\d+)*/.exec(text) ?? [];
  if (number !== undefined) return number;
  const [month] = /20\d\d-\d\d/.exec(text) ?? [];
  if (month === undefined) return null;
  return RELEASES[engine].findLast(([from]) => from <= month)?.[1] ?? '0.1.0';
}

/** First release of each month in which the arithmetic could have changed (the projects' GitHub releases). */
const RELEASES: Readonly<Record<FitEngine, readonly (readonly [month: string, version: string])[]>> = {
  vllm: [
    ['2024-10', '0.6.3'],
    ['2025-01', '0.7.0'],
    ['2025-02', '0.7.2'],
    ['2025-03', '0.8.0'],
    ['2025-05', '0.9.0'],
    ['2025-07', '0.10.0'],
    ['2025-10', '0.11.0'],
    ['2025-12', '0.12.0'],
    ['2026-01', '0.14.0'],
    ['2026-02', '0.16.0'],
    ['2026-03', '0.18.0'],
    ['2026-04', '0.19.0'],
    ['2026-05', '0.20.0'],
    ['2026-06', '0.22.0'],
  ],
  sglang: [
    ['2024-12', '0.4.0'],
    ['2025-06', '0.4.7'],
    ['2025-09', '0.5.2'],
    ['2026-05', '0.5.17'],
  ],
};
