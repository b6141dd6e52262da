/** The story on two real systemd hosts: the package, units, a reboot, and a real engine if asked. */
import { join } from 'node:path';
import type { DeploymentDetail, EndpointAccess } from '@dsr1/shared/http-api/resources';
import { sglangGang, vllmGang } from '../../test/engines/gangs.ts';
import { streamChat } from '../../test/lab/chat.ts';
import { buildPackage, type Cluster, installOn, must, startCluster } from '../../test/lab/cluster.ts';
import { type LabEngine, labEngine } from '../../test/lab/engines.ts';
import { bootLab } from '../../test/lab/lab.ts';
import { enginesMissing, labMissing } from '../../test/lab/missing.ts';
import type { Ending } from './loopback.ts';
import { repository, type Stage, until } from './stage.ts';

export type DemoEngine = 'rehearsal' | 'vllm' | 'sglang';

export async function hostsStory(stage: Stage, engine: DemoEngine): Promise<Ending> {
  const missing = engine === 'rehearsal' ? labMissing() : enginesMissing();
  if (missing !== null) throw new Error(`--hosts cannot run here: ${missing}`);
  const installed = engine === 'rehearsal' ? null : labEngine(engine);
  const tarball = buildPackage();
  stage.say(`package built: ${tarball}`);
  const lab = bootLab(2, 2, installed?.binds);
  stage.atEnd(() => lab.down());
  stage.say('two hosts booted: systemd as PID 1, a management NIC and two rails each');
  for (const host of [1, 2]) await installOn(lab, host, tarball);
  const cluster = await startCluster(lab, 2);
  stage.say('dsr1 installed, coordinator on gpu-1, both hosts joined by token:');
  stage.show((await cluster.ctl(['node', 'list'])).stdout);

  const file = cluster.file('deployment.yaml', deploymentFile(engine, installed));
  stage.say('the plan:');
  stage.show(must(await cluster.ctl(['plan', file]), 'plan').stdout);
  must(await cluster.ctl(['deploy', file, '--yes'], 300_000), 'deploy');
  stage.say('it serves:');
  stage.show((await cluster.ctl(['status', 'demo'])).stdout);
  stage.say(`asked it as an OpenAI client does: "${await answer(cluster)}"`);

  const before = await cluster.ctlJson<DeploymentDetail>(['status', 'demo']);
  await lab.reboot(2);
  stage.say('gpu-2 rebooted');
  const after = await until('the gang back', 240_000, async () => {
    const now = await cluster.ctlJson<DeploymentDetail>(['status', 'demo']);
    return now.state === 'serving' && now.epoch > before.epoch ? now : null;
  });
  const ranks = after.ranks.map(({ rank, node }) => `rank ${rank} on ${node}`).join(', ');
  stage.say(`nobody touched it, and it serves again: ${ranks}, epoch ${after.epoch}`);
  stage.say(`asked again: "${await answer(cluster)}"`);
  const exec = `${join(repository, 'test/lab/hosts.sh')} exec 1`;
  return {
    next: ['node list', 'status demo', 'logs demo', 'access demo', 'events'].map(
      (verb) => `${exec} dsr1ctl ${verb}`,
    ),
  };
}

function deploymentFile(engine: DemoEngine, installed: LabEngine | null): string {
  if (installed === null) return 'name: demo\nengine: { kind: rehearsal }\nnodes: { count: 2 }\n';
  return engine === 'vllm'
    ? vllmGang('demo', installed, { tensor: 2 })
    : sglangGang('demo', installed, { tensor: 2 });
}

async function answer(cluster: Cluster): Promise<string> {
  const reply = await streamChat(
    await cluster.ctlJson<EndpointAccess>(['access', 'demo', '--key']),
    'who is there?',
  );
  if (!reply.complete) throw new Error(`the endpoint answered ${reply.status}: ${reply.raw}`);
  return reply.text.trim();
}
