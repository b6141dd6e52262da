/** Real vLLM and real SGLang over two real systemd hosts: deployed, asked through the head, stopped without a trace. */
import { test } from 'tap';
import { labEngine } from '../lab/engines.ts';
import { sglangGang, vllmGang } from './gangs.ts';
import { serveOnTwoHosts } from './rounds.ts';

test('real engines over two hosts', { timeout: 6_000_000 }, async (t) => {
  const vllm = labEngine('vllm');
  const sglang = labEngine('sglang');
  await serveOnTwoHosts(
    t,
    [vllm, sglang],
    [
      { name: 'vllm-tp2', file: vllmGang('vllm-tp2', vllm, { tensor: 2 }) },
      { name: 'sglang-tp2', file: sglangGang('sglang-tp2', sglang, { tensor: 2 }) },
      { name: 'sglang-gated', file: sglangGang('sglang-gated', sglang, { tensor: 2 }, { gated: true }) },
      { name: 'vllm-pp2', file: vllmGang('vllm-pp2', vllm, { pipeline: 2 }) },
      { name: 'sglang-pp2', file: sglangGang('sglang-pp2', sglang, { pipeline: 2 }) },
    ],
  );
});
