/** Real vLLM on real Ray clusters over two real systemd hosts: deployed, asked through the head, stopped without a trace. */
import { dirname } from 'node:path';
import type { DeploymentDetail } from '@dsr1/shared/http-api/resources';
import { type Test, test } from 'tap';
import { labEngine } from '../lab/engines.ts';
import type { Lab } from '../lab/lab.ts';
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
      {
        name: 'vllm-ray-tp2',
        file: vllmRayGang('vllm-ray-tp2', engine, { tensor: 2 }),
        whileServing: (t, lab, detail) => strangersAreRefused(t, lab, detail, dirname(engine.python)),
      },
      { name: long, file: vllmRayGang(long, engine, { pipeline: 2 }) },
    ],
  );
});

/** A `ray` program on the other host, with and without the token of the attempt. */
async function strangersAreRefused(
  t: Test,
  lab: Lab,
  { plan }: DeploymentDetail,
  bin: string,
): Promise<void> {
  const gcs = plan?.ranks[0]?.ports.find(({ name }) => name === 'gcs')?.port;
  const status = [`${bin}/ray`, 'status', '--address', `${plan?.head.address}:${gcs}`];
  const stranger = await lab.exec(2, status, 90_000);
  t.not(stranger.code, 0, 'a client without the token is refused');
  t.match(stranger.stdout + stranger.stderr, /InvalidAuthToken/);
  const wrong = await lab.exec(
    2,
    ['env', 'RAY_AUTH_MODE=token', `RAY_AUTH_TOKEN=${'0'.repeat(64)}`, ...status],
    90_000,
  );
  t.match([wrong.code, wrong.stdout + wrong.stderr], [1, /InvalidAuthToken/], 'so is one with another token');
  const token = (
    await lab.exec(2, ['sh', '-c', 'stat -c %a /run/dsr1/runs/*/ray-token; ls /run/dsr1/runs/*/ray-token'])
  ).stdout.split('\n');
  t.equal(token[0], '600');
  const member = await lab.exec(
    2,
    ['env', 'RAY_AUTH_MODE=token', `RAY_AUTH_TOKEN_PATH=${token[1]}`, ...status],
    90_000,
  );
  t.equal(member.code, 0, 'the token of the attempt opens it');
  t.notMatch(member.stdout + member.stderr, /InvalidAuthToken/);
}
