/** Real gangs lose a worker behind main processes that notice nothing: told by name, and the gang ends. */
import type { DeploymentDetail } from '@dsr1/shared/http-api/resources';
import { type Test, test } from 'tap';
import { type Cluster, must } from '../lab/cluster.ts';
import { labEngine } from '../lab/engines.ts';
import type { Lab } from '../lab/lab.ts';
import { sglangGang, vllmGang } from './gangs.ts';
import { serveOnTwoHosts } from './rounds.ts';

test('a worker dies and its parent does not notice', { timeout: 1_800_000 }, async (t) => {
  const vllm = labEngine('vllm');
  const sglang = labEngine('sglang');
  await serveOnTwoHosts(
    t,
    [vllm, sglang],
    [
      {
        name: 'vllm-worker',
        file: vllmGang('vllm-worker', vllm, { tensor: 2 }),
        whileServing: losing('VLLM::Worker'),
      },
      {
        name: 'sglang-worker',
        file: sglangGang('sglang-worker', sglang, { tensor: 2 }),
        whileServing: losing('sglang::schedul'),
      },
    ],
  );
});

/** With one worker on each host an engine does notice, and ends: a main process that is stopped does not. */
function losing(comm: string) {
  return async (t: Test, lab: Lab, { name, ranks }: DeploymentDetail, cluster: Cluster): Promise<void> => {
    for (const { rank, pid } of ranks) must(await lab.exec(rank + 1, ['kill', '-STOP', `${pid}`]), 'kill');
    must(await lab.exec(2, ['pkill', '-KILL', '-P', `${ranks[1]?.pid}`, comm]), 'pkill');
    const sinceMs = performance.now();
    const ended = async (): Promise<string | undefined> => {
      const events = must(await cluster.ctl(['events', '--deployment', name, '--json']), 'events').stdout;
      return events.split('\n').find((line) => line.includes('"deployment.ended"'));
    };
    let end = await ended();
    while (end === undefined && performance.now() - sinceMs < 30_000) end = await ended();
    const seconds = (performance.now() - sinceMs) / 1000;
    t.comment(`${name}: ${seconds.toFixed(1)} s after the worker was killed: ${end}`);
    t.match(end, /WORKER_DEAD/);
    t.match(end, new RegExp(`worker ${comm}\\S* \\(pid \\d+\\) is dead, and its parent has not noticed`));
    t.ok(seconds < 12, 'within twelve seconds');
  };
}
