/** The story on loopback: real coordinator and agents as separate processes, real ranks with real traffic between them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {
  CreatedToken,
  DeploymentDetail,
  EndpointAccess,
  NodeSummary,
} from '@dsr1/shared/http-api/resources';
import { streamChat } from '../../test/lab/chat.ts';
import { repository, type Stage, stopped, until } from './stage.ts';

export interface Ending {
  /** Commands to try while it is up. */
  readonly next: readonly string[];
}

const NAME = 'demo';
const program = (name: string): string => join(repository, `packages/${name}/src/main.ts`);

export async function loopbackStory(stage: Stage): Promise<Ending> {
  const folder = mkdtempSync(join(tmpdir(), 'dsr1-demo-'));
  stage.atEnd(() => rmSync(folder, { recursive: true, force: true }));
  const env = { XDG_CONFIG_HOME: join(folder, 'config') };
  const ctl = (...args: string[]): Promise<string> =>
    stage.run([process.execPath, program('ctl'), ...args], env);
  const ask = async <T>(...args: string[]): Promise<T> => JSON.parse(await ctl(...args, '--json')) as T;

  const [http, enrol, session] = await freePorts(3);
  const listen = ['--listen', '127.0.0.1', '--advertise', '127.0.0.1', '--http-port', `${http}`];
  const state = ['--state-dir', join(folder, 'coordinator')];
  const ports = ['--join-port', `${enrol}`, '--session-port', `${session}`];
  stage.start(
    [process.execPath, program('coordinator'), 'run', ...state, ...listen, ...ports],
    join(folder, 'coordinator.log'),
  );
  await ctl('init', '--no-service', ...state, ...listen);
  stage.say(`coordinator up on https://127.0.0.1:${http}, with a CA and an admin key of its own`);

  const startAgent = (node: number) => {
    const args = ['run', '--state-dir', join(folder, `gpu-${node}`), '--node-ip', `127.0.0.${10 + node}`];
    return stage.start([process.execPath, program('agent'), ...args], join(folder, `gpu-${node}.log`));
  };
  const agents = [];
  for (const node of [1, 2]) {
    const { token } = await ask<CreatedToken>('token', 'create');
    const file = join(folder, `token-${node}`);
    writeFileSync(file, `${token}\n`, { mode: 0o600 });
    const where = [
      '--server',
      `127.0.0.1:${enrol}`,
      '--token-file',
      file,
      '--state-dir',
      join(folder, `gpu-${node}`),
    ];
    await ctl('join', '--no-service', '--name', `gpu-${node}`, ...where);
    agents.push(startAgent(node));
    stage.say(`gpu-${node} joined with a single-use token, as 127.0.0.${10 + node}`);
  }
  await until('both nodes online with facts', 20_000, async () => {
    const nodes = await ask<NodeSummary[]>('node', 'list');
    return nodes.filter((node) => node.state === 'online' && node.address !== null).length === 2
      ? nodes
      : null;
  });
  stage.say('their NICs, GPUs and engines are known:');
  stage.show(await ctl('node', 'list'));

  const wishes = ['--name', NAME, '--engine', 'rehearsal', '--nodes', '2'];
  stage.say('the plan for a rehearsal on both, with its reasons:');
  stage.show(await ctl('plan', ...wishes));
  // Ranks outlive agents by design, so they are stopped by name before the agents end.
  stage.atEnd(() =>
    ctl('rm', NAME, '--force').then(
      () => {},
      () => {},
    ),
  );
  await ctl('deploy', ...wishes, '--yes');
  stage.say('all ranks were launched together and serve:');
  stage.show(await ctl('status', NAME));
  stage.say(`asked it as an OpenAI client does: "${await answer(ask)}"`);

  const before = await ask<DeploymentDetail>('status', NAME);
  const lost = before.ranks.find((rank) => rank.rank === 1);
  if (!agents[1] || !lost?.pid) throw new Error('rank 1 has no process to lose');
  agents[1].kill('SIGKILL');
  process.kill(lost.pid, 'SIGKILL');
  await stopped(agents[1]);
  stage.say(`gpu-2 goes away: its agent and its rank (pid ${lost.pid}) are killed`);
  startAgent(2);
  const after = await until('the gang back', 30_000, async () => {
    const now = await ask<DeploymentDetail>('status', NAME);
    return now.state === 'serving' && now.epoch > before.epoch ? now : null;
  });
  const same = after.ranks.every((rank) =>
    before.ranks.some((old) => old.rank === rank.rank && old.node === rank.node),
  );
  if (!same) throw new Error('a node came back with another rank');
  stage.say(
    `gpu-2 came back with the same rank 1; the gang relaunched by itself as epoch ${after.epoch} and serves`,
  );
  stage.say(`asked again: "${await answer(ask)}"`);
  const cli = `XDG_CONFIG_HOME=${env.XDG_CONFIG_HOME} ./scripts/dsr1ctl`;
  return {
    next: [
      'node list',
      `status ${NAME}`,
      `logs ${NAME} --rank 1`,
      `access ${NAME}`,
      'events',
      `stop ${NAME}`,
    ].map((verb) => `${cli} ${verb}`),
  };
}

async function answer(ask: <T>(...args: string[]) => Promise<T>): Promise<string> {
  const access = await ask<EndpointAccess>('access', NAME, '--key');
  const reply = await streamChat(access, 'who is there?');
  if (!reply.complete) throw new Error(`the endpoint answered ${reply.status}: ${reply.raw}`);
  return reply.text.trim();
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((open) => {
          const server = createServer().listen(0, '127.0.0.1', () => open(server));
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
  return ports;
}
