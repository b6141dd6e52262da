/** Real vLLM on real Ray clusters over two real systemd hosts: deployed, asked through the head, stopped without a trace. */
import { test } from 'tap';
import { labEngine } from '../lab/engines.ts';
import { vllmRayGang } from './gangs.ts';
import { serveOnTwoHosts } from './rounds.ts';

test('vLLM on Ray over two hosts', { timeout: 3_000_000 }, async (t) => {
  const engine = labEngine('vllm-ray');
  // A name so long that a session folder in the run folder would not leave room for Ray's sockets.
  const long = `vllm-on-ray-${'with-a-long-name-'.repeat(3)}`.slice(0, 62);
  await serveOnTwoHosts(
    t,
    [engine],
    [
      { name: 'vllm-ray-tp2', file: vllmRayGang('vllm-ray-tp2', engine, { tensor: 2 }) },
      { name: long, file: vllmRayGang(long, engine, { pipeline: 2 }) },
    ],
  );
});
