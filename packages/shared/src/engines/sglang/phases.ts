/**
 * Phases of an SGLang rank from its own lines. 0.5.17 says "Init torch distributed", 0.5.23 "Init parallel"; lines of
 * several local ranks are mixed in one log, so the first rank to reach a phase shows it.
 */
import { AT_GATE } from '../gate.ts';
import { phaseReader } from '../phase-patterns.ts';

export const sglangPhases = phaseReader([
  {
    pattern: /\bInit (?:parallel|torch distributed) begin/,
    phase: 'rendezvous',
    detail: 'waits for every rank',
  },
  {
    pattern: /\bInit (?:parallel|torch distributed) ends/,
    phase: 'rendezvous',
    detail: 'every rank is there',
    progress: 1,
  },
  {
    pattern: /\bGated launch waiting for activation/,
    phase: 'rendezvous',
    detail: AT_GATE,
    progress: 1,
  },
  { pattern: /\bGated launch activated/, phase: 'rendezvous', detail: 'gate open', progress: 1 },
  { pattern: /\bLoad weight begin/, phase: 'weights', detail: 'loads weights' },
  {
    pattern: /loading (?:safetensors )?(?:checkpoint )?shards:/i,
    phase: 'weights',
    detail: 'loads weights',
    progress: 'percent',
  },
  { pattern: /\bLoad weight end/, phase: 'graphs', detail: 'allocates the KV cache' },
  {
    pattern: /\bCapture target (\w+) CUDA graph begin/i,
    phase: 'graphs',
    detail: 'captures $1 graphs',
    progress: 0,
  },
  {
    pattern: /\bCapturing (batches|num tokens)\b.*%/,
    phase: 'graphs',
    detail: 'captures graphs ($1)',
    progress: 'percent',
  },
  { pattern: /\bmax_total_num_tokens=(\d+)/, phase: 'graphs', detail: 'KV cache of $1 tokens', progress: 1 },
  {
    pattern: /\b[Dd]ummy health check server (?:started|at)/,
    phase: 'listening',
    detail: 'this node is loaded',
  },
  { pattern: /\bUvicorn running on (\S+)/, phase: 'listening', detail: 'warms up at $1' },
  { pattern: /\bThe server is fired up and ready to roll/, phase: 'serving' },
]);
