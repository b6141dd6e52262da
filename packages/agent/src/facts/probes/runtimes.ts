import type { RuntimeFacts } from '@dsr1/shared/facts/node';
import type { Probe } from '@dsr1/shared/facts/nullable';
import type { Host } from '../../host/host.ts';
import { detected, readLine } from '../probe.ts';

const TIMEOUT_MS = 2000;

/** Versions of what can run ranks, and of the compiler that engines need at run time. */
export async function probeRuntimes(host: Host, dockerSocket: string): Promise<Probe<RuntimeFacts>> {
  const [systemd, docker, compiler] = await Promise.all([
    systemdVersion(host),
    dockerEngine(host, dockerSocket),
    compilerVersion(host),
  ]);
  return detected('systemctl, Docker socket, c++', { systemd, ...docker, compiler });
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

/** Asked as the agent asks for containers, so that the command `docker` is not needed. */
async function dockerEngine(
  host: Host,
  socket: string,
): Promise<Pick<RuntimeFacts, 'docker' | 'dockerProblem'>> {
  const answer = await host.askDocker(socket, '/version', TIMEOUT_MS);
  if (!answer.answered) return { docker: null, dockerProblem: answer.reason };
  const version = (answer.body as { readonly Version?: unknown } | null)?.Version;
  if (answer.status === 200 && typeof version === 'string' && version !== '') return { docker: version };
  return {
    docker: null,
    dockerProblem: `what listens at ${socket} is no Docker engine: asked for /version, it answers with status ${answer.status} and names none`,
  };
}

async function compilerVersion(host: Host): Promise<string | null> {
  for (const compiler of ['g++', 'clang++']) {
    const version = await printed(host, [compiler, '-dumpfullversion', '-dumpversion']);
    if (version !== null) return `${compiler} ${version}`;
  }
  return null;
}

async function printed(host: Host, argv: readonly [string, ...string[]]): Promise<string | null> {
  const answer = await host.run(argv, { timeoutMs: TIMEOUT_MS });
  return answer.answered && answer.exitCode === 0 ? answer.stdout.trim().split('\n', 1)[0] || null : null;
}
