/**
 * Phases of a vLLM rank from its own lines (0.32; "Starting vLLM API server" is the wording up to 0.9). Ranks > 0 say
 * nothing after their weights are loaded.
 */
import { type PhasePattern, phaseReader } from '../phase-patterns.ts';

export const VLLM_PHASES: readonly PhasePattern[] = [
  {
    pattern: /\bheadless multiproc executor, with head node address (\S+)/,
    phase: 'rendezvous',
    detail: 'looks for the head at $1',
  },
  {
    pattern: /\bworld_size=\d+ rank=\d+ .*distributed_init_method=/,
    phase: 'rendezvous',
    detail: 'waits for every rank',
  },
  { pattern: /\bis assigned as DP rank/, phase: 'rendezvous', detail: 'every rank is there', progress: 1 },
  { pattern: /\bStarting to load model/, phase: 'weights', detail: 'loads weights' },
  { pattern: /checkpoint shards:.*%/i, phase: 'weights', detail: 'loads weights', progress: 'percent' },
  { pattern: /\b(?:Loading weights|Model loading) took/, phase: 'graphs', detail: 'weights are loaded' },
  { pattern: /\b[CG]PU KV cache size: ([\d,]+) tokens/, phase: 'graphs', detail: 'KV cache of $1 tokens' },
  { pattern: /\bCapturing CUDA graphs.*%/i, phase: 'graphs', detail: 'captures graphs', progress: 'percent' },
  { pattern: /\bGraph capturing finished/, phase: 'graphs', detail: 'graphs are captured', progress: 1 },
  { pattern: /\binit engine \(profile/, phase: 'graphs', detail: 'engine is ready', progress: 1 },
  { pattern: /\bStarting vLLM (?:API )?server (?:\d+ )?on (\S+)/, phase: 'listening', detail: 'opens $1' },
  { pattern: /\bApplication startup complete/, phase: 'serving' },
];

export const vllmPhases = phaseReader(VLLM_PHASES);
