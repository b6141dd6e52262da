/** How a rank's container is made. Pure. */
import { type ProcessStart, RUN_ID_VARIABLE } from './runtime.ts';

export const LABELS = {
  deployment: 'dsr1.deployment',
  epoch: 'dsr1.epoch',
  rank: 'dsr1.rank',
  run: 'dsr1.run',
  process: 'dsr1.process',
  /** Where the agent copies the container's output to. */
  log: 'dsr1.log',
} as const;

/** Docker refuses a second container of this name, so that nothing is started twice. */
export const containerName = (runId: string, processId: string): string => `dsr1-${runId}-${processId}`;

export interface ContainerHost {
  /** Owner of the run folder; the container's user, so that it can read the files there. */
  readonly user: string;
  /** Size of the host's /dev/shm. */
  readonly shmBytes: number;
}

/**
 * Body of POST /containers/create. Network of the host: ranks listen on its addresses, NCCL uses its NICs. Memory and
 * sockets in a private IPC namespace with as much /dev/shm as the host has, so that nothing stays after a kill. No
 * privileges but the one that RDMA needs, to lock memory. The API key is in a file of the run folder, never here:
 * `docker inspect` shows all of this.
 */
export function containerBody(start: ProcessStart, { user, shmBytes }: ContainerHost): object {
  const { runId, processId, argv, env, folder, cacheDir, logFile, deployment, epoch, plan } = start;
  const rdma = plan.hcas.length > 0;
  const gpus = plan.gpuIndices.map(String);
  const mount = (path: string, readOnly: boolean) => ({
    Type: 'bind',
    Source: path,
    Target: path,
    ReadOnly: readOnly,
  });
  return {
    Image: plan.image,
    Entrypoint: argv.slice(0, 1),
    Cmd: argv.slice(1),
    Env: Object.entries({ ...env, [RUN_ID_VARIABLE]: runId }).map(([name, value]) => `${name}=${value}`),
    WorkingDir: folder,
    User: user,
    StopSignal: 'SIGTERM',
    Labels: {
      [LABELS.deployment]: deployment,
      [LABELS.epoch]: String(epoch),
      [LABELS.rank]: String(plan.rank),
      [LABELS.run]: runId,
      [LABELS.process]: processId,
      [LABELS.log]: logFile,
    },
    HostConfig: {
      NetworkMode: 'host',
      IpcMode: 'private',
      ShmSize: shmBytes,
      // Takes the signals of PID 1, which the kernel would drop for a program without a handler, and reaps its orphans.
      Init: true,
      RestartPolicy: { Name: 'no' },
      // Unbounded, until the container is removed: the copy in the log file goes on where it ended, so nothing may be rotated
      // away before, and around a rotation Docker 28.2 tells a follower some lines twice and leaves others out.
      LogConfig: { Type: 'json-file', Config: {} },
      Mounts: [
        mount(folder, false),
        mount(cacheDir, false),
        ...plan.requiredPaths.map((path) => mount(path, true)),
      ],
      // Pinned buffers, deep call stacks and a file per peer; a CPU rank does with the daemon's limits.
      Ulimits:
        rdma || gpus.length > 0
          ? [limit('memlock', -1), limit('stack', 64 * 2 ** 20), limit('nofile', 2 ** 20)]
          : [],
      CapAdd: rdma ? ['IPC_LOCK'] : [],
      Devices: rdma
        ? [{ PathOnHost: '/dev/infiniband', PathInContainer: '/dev/infiniband', CgroupPermissions: 'rwm' }]
        : [],
      DeviceRequests: gpus.length > 0 ? [{ DeviceIDs: gpus, Capabilities: [['gpu']] }] : [],
    },
  };
}

const limit = (Name: string, value: number) => ({ Name, Soft: value, Hard: value });
