/** One coordinator and agents on loopback, each with an address of its own, as programs. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeSummary } from '@dsr1/shared/http-api/resources';
import type { Test } from 'tap';
import { eventually, run, start } from './programs.ts';

export interface ClusterNode {
  readonly name: string;
  /** Flags of its agent. */
  readonly flags: readonly string[];
  /** Folders that come before the PATH of its agent. */
  readonly tools: readonly string[];
}

/** `dsr1ctl` as this cluster's operator types it; nodes at 127.0.0.41 … are online and have shown their facts. */
export async function startCluster(t: Test, home: string, nodes: readonly ClusterNode[]) {
  const ctl = (...args: string[]) => run('ctl', args, { HOME: home });
  const json = async <T>(...args: string[]): Promise<T> => {
    const { out, err } = await ctl(...args, '--json');
    if (out === '') throw new Error(err);
    return JSON.parse(out);
  };
  const stateDir = ['--state-dir', join(home, 'coordinator')];
  const ports = ['--http-port', '0', '--join-port', '0', '--session-port', '0'];
  const coordinator = start(t, 'coordinator', [...stateDir, '--listen', '127.0.0.1', ...ports]);
  const [, port = ''] = await eventually(
    () => /^API https:\/\/127\.0\.0\.1:(\d+)/m.exec(coordinator.said()),
    'the coordinator',
  );
  const listen = ['--listen', '127.0.0.1', '--http-port', port];
  const { joinLine } = await json<{ joinLine: string }>('init', '--no-service', ...listen, ...stateDir);
  const [, server = ''] = /--server (\S+)/.exec(joinLine) ?? [];
  for (const [i, { name, flags, tools }] of nodes.entries()) {
    writeFileSync(join(home, 'token'), (await json<{ token: string }>('token', 'create')).token);
    const where = ['--server', server, '--token-file', join(home, 'token')];
    const own = ['--name', name, '--state-dir', join(home, name), '--no-service'];
    t.match(await ctl('join', ...where, ...own), { code: 0 });
    start(t, 'agent', ['--state-dir', join(home, name), '--node-ip', `127.0.0.${41 + i}`, ...flags], {
      env: { PATH: [...tools, process.env.PATH].join(':') },
    });
  }
  await eventually(async () => {
    const seen = await json<readonly NodeSummary[]>('node', 'list');
    return (
      seen.filter(({ state, address }) => state === 'online' && address !== null).length === nodes.length
    );
  }, 'the nodes with their facts');
  return { ctl, json };
}
