/**
 * Ranks in containers of a Docker engine, through its socket. A container has its own PID namespace, so nothing escapes
 * a stop; it is adopted by its labels. Ranks depend on the engine's daemon (unless its live-restore is on), not on the agent.
 */
import { statfsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Dsr1Error } from '@dsr1/shared/errors';
import type { ProcessHandle } from '../model.ts';
import { type DockerApi, dockerApi, messageOf, query } from './docker-api.ts';
import { containerBody, containerName, LABELS } from './docker-container.ts';
import { imageStore } from './docker-images.ts';
import { copyLog } from './docker-log.ts';
import { liveStat } from './proc.ts';
import { type Exit, type ProcessStart, type Runtime, runtimeMissing } from './runtime.ts';

/** What may still be unread of the log when its container has ended. */
const LOG_DRAIN_MS = 2000;
const RETRY_MS = 1000;
const KILL_WAIT_MS = 10_000;

export function dockerRuntime(socketPath: string): Runtime {
  const api = dockerApi(socketPath);
  const images = imageStore(api);
  const copies = new Map<string, Promise<void>>();
  /** Starts copying a container's output, once; resolves when all of it is in the file. */
  const copied = (container: string, logFile: string): Promise<void> => {
    const running = copies.get(container) ?? copyToEnd(api, container, logFile);
    copies.set(container, running);
    return running;
  };
  const drained = async (state: ContainerState): Promise<void> => {
    const { Id, Config } = state;
    await Promise.race([copied(Id, Config.Labels[LABELS.log] ?? '/dev/null'), sleep(LOG_DRAIN_MS)]);
    copies.delete(Id);
  };
  return {
    kind: 'docker',
    async problem(image) {
      try {
        const answer = await api.call('GET', '/version');
        if (answer.status !== 200) return runtimeMissing(`Docker at ${socketPath}: ${messageOf(answer)}`);
        return image === null ? null : await images.problem(image);
      } catch (thrown) {
        if (!(thrown instanceof Dsr1Error)) throw thrown;
        return runtimeMissing(thrown.message, thrown.hint ?? undefined);
      }
    },
    async start(request) {
      const container = await create(api, request);
      void copied(container, request.logFile);
      const state = await inspect(api, container);
      return handleOf(container, state?.State.Pid ?? 0);
    },
    async find(runId, processId) {
      const [first] = await list(api, runId, processId, false);
      if (first === undefined) return null;
      void copied(first.Id, first.Labels[LABELS.log] ?? '/dev/null');
      return handleOf(first.Id, (await inspect(api, first.Id))?.State.Pid ?? 0);
    },
    async waitForExit(handle, signal) {
      if (handle.runtime !== 'docker') return UNKNOWN;
      const state = await ended(api, handle.container, signal);
      if (state === null) return UNKNOWN;
      await drained(state);
      const { ExitCode, OOMKilled } = state.State;
      return {
        code: ExitCode,
        signal: null,
        detail: OOMKilled ? 'killed by the kernel: out of memory' : null,
      };
    },
    async stop(runId, _handles, graceMs) {
      const containers = await list(api, runId, null, true);
      const left = await Promise.all(
        containers.map(async ({ Id }) => {
          const graceSeconds = Math.ceil(graceMs / 1000);
          await api.call('POST', query(`/containers/${Id}/stop`, { t: String(graceSeconds) }), {
            signal: AbortSignal.timeout(graceMs + KILL_WAIT_MS),
          });
          const state = await inspect(api, Id);
          if (state === null) return [];
          await drained(state);
          await api.call('DELETE', query(`/containers/${Id}`, { force: '1', v: '1' }));
          return (await inspect(api, Id)) === null ? [] : [state.State.Pid];
        }),
      );
      return left.flat();
    },
  };
}

interface ContainerState {
  readonly Id: string;
  readonly State: {
    readonly Running: boolean;
    readonly Pid: number;
    readonly ExitCode: number;
    readonly OOMKilled: boolean;
  };
  readonly Config: { readonly Labels: Readonly<Record<string, string>> };
}

const UNKNOWN: Exit = {
  code: null,
  signal: null,
  detail: 'exit status unknown: the container is not there any more',
};

const handleOf = (container: string, pid: number): ProcessHandle => ({
  runtime: 'docker',
  container,
  pid,
  startTicks: liveStat(pid)?.startTicks ?? 0,
});

async function create(api: DockerApi, request: ProcessStart): Promise<string> {
  const name = containerName(request.runId, request.processId);
  const { blocks, bsize } = statfsSync('/dev/shm');
  const user = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
  const body = containerBody(request, { user, shmBytes: blocks * bsize });
  const made = await api.call('POST', query('/containers/create', { name }), { body });
  if (made.status !== 201) throw notStarted(request, messageOf(made));
  const { Id } = made.body as { Id: string };
  const started = await api.call('POST', `/containers/${Id}/start`);
  if (started.status === 204) return Id;
  await api.call('DELETE', query(`/containers/${Id}`, { force: '1', v: '1' }));
  throw notStarted(request, messageOf(started));
}

const notStarted = ({ argv, plan }: ProcessStart, why: string): Dsr1Error =>
  new Dsr1Error('LAUNCH_FAILED', `Docker could not start ${argv[0]} in ${plan.image}: ${why}`);

/** Over restarts of the daemon: what is copied after the container's end is complete. */
async function copyToEnd(api: DockerApi, container: string, logFile: string): Promise<void> {
  for (let over = false; !over; ) {
    try {
      over = (await inspect(api, container))?.State.Running !== true;
      await copyLog(api, container, logFile);
    } catch {
      // The daemon is away. Waiting for it does not keep the agent alive.
      over = false;
      await sleep(RETRY_MS, undefined, { ref: false });
    }
  }
}

/** null when there is no such container. */
async function inspect(api: DockerApi, container: string): Promise<ContainerState | null> {
  const answer = await api.call('GET', `/containers/${container}/json`);
  return answer.status === 200 ? (answer.body as ContainerState) : null;
}

async function list(
  api: DockerApi,
  runId: string,
  processId: string | null,
  all: boolean,
): Promise<readonly { readonly Id: string; readonly Labels: Readonly<Record<string, string>> }[]> {
  const label = [`${LABELS.run}=${runId}`, ...(processId === null ? [] : [`${LABELS.process}=${processId}`])];
  const path = query('/containers/json', { all: all ? '1' : '0', filters: JSON.stringify({ label }) });
  const answer = await api.call('GET', path);
  if (answer.status !== 200) throw new Dsr1Error('RUNTIME_MISSING', `Docker: ${messageOf(answer)}`);
  return answer.body as Awaited<ReturnType<typeof list>>;
}

/** Waits for its end, over restarts of the daemon too; null when the container was removed. */
async function ended(api: DockerApi, container: string, signal: AbortSignal): Promise<ContainerState | null> {
  for (;;) {
    try {
      await api.call('POST', `/containers/${container}/wait`, { signal });
      const state = await inspect(api, container);
      if (state?.State.Running !== true) return state;
    } catch {
      // The daemon is away, or the watching has ended.
      if (signal.aborted) return new Promise(() => {});
      await sleep(RETRY_MS);
    }
  }
}
