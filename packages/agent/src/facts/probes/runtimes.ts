import type { RuntimeFacts } from '@dsr1/shared/facts/node';
import type { Probe } from '@dsr1/shared/facts/nullable';
import type { Host } from '../../host/host.ts';
import { detected, readLine } from '../probe.ts';

/** Versions of what can run ranks, and of the compiler that engines need at run time. */
export async function probeRuntimes(host: Host, dockerSocket: string): Promise<Probe<RuntimeFacts>> {
  const [systemd, docker, compiler] = await Promise.all([
    systemdVersion(host),
    dockerVersion(host, dockerSocket),
    compilerVersion(host),
  ]);
  return detected('systemctl, docker, c++', { systemd, docker, compiler });
}

/** True when PID 1 is systemd; asking any other PID 1 over D-Bus would only wait. */
export async function isSystemdHost(host: Host): Promise<boolean> {
  return (
    (await readLine(host, '/proc/1/comm')) === 'systemd' && (await host.list('/run/systemd/system')) !== null
  );
}

/** Asked of PID 1 itself, so that an answer means that it answers. */
async function systemdVersion(host: Host): Promise<string | null> {
  if (!(await isSystemdHost(host))) return null;
  return printed(host, ['systemctl', 'show', '--value', '--property=Version']);
}

async function dockerVersion(host: Host, socket: string): Promise<string | null> {
  if ((await host.realPath(socket)) === null) return null;
  return printed(host, ['docker', '-H', `unix://${socket}`, 'version', '--format', '{{.Server.Version}}']);
}

async function compilerVersion(host: Host): Promise<string | null> {
  for (const compiler of ['g++', 'clang++']) {
    const version = await printed(host, [compiler, '-dumpfullversion', '-dumpversion']);
    if (version !== null) return `${compiler} ${version}`;
  }
  return null;
}

async function printed(host: Host, argv: readonly [string, ...string[]]): Promise<string | null> {
  const answer = await host.run(argv, { timeoutMs: 2000 });
  return answer.answered && answer.exitCode === 0 ? answer.stdout.trim().split('\n', 1)[0] || null : null;
}
