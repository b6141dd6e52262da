/** Is this host ready for this rank, right now? Everything is checked at once, so that one answer names all that is wrong. */
import { access, constants, statfs } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import type { ErrorCode } from '@dsr1/shared/error-table';
import { Dsr1Error } from '@dsr1/shared/errors';
import type { GpuInventory } from '@dsr1/shared/facts/gpu';
import type { Probe } from '@dsr1/shared/facts/nullable';
import type { PortPlan, RankPlan } from '@dsr1/shared/plan/model';
import type { Heartbeat } from '@dsr1/shared/wire/messages';
import { checkModel, type KnownDamage } from '../models/prepare-check.ts';
import { checkGpus } from './prepare-gpus.ts';
import { type Runtime, runtimeMissing } from './runtimes/runtime.ts';

export interface PrepareDeps {
  readonly runtime: Runtime | undefined;
  readonly probeGpus: () => Promise<Probe<GpuInventory>>;
  /** What of each GPU is in use right now; null = not said. */
  readonly gpuGauges: () => Promise<Heartbeat['gpus'] | null>;
  /** Limit that a plain process inherits from the agent, null = unlimited. */
  readonly memlockBytes: () => Promise<number | null>;
  readonly knownDamage: KnownDamage;
}

/** Ports held for a run until it is launched, stopped or expired. */
export interface Reservation {
  release(): Promise<void>;
}

export interface Problem {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
  readonly takenPort?: number;
}

/** @throws a Dsr1Error with the code of the first problem, the words of all and `details.takenPorts` */
export async function checkAndReserve(plan: RankPlan, deps: PrepareDeps): Promise<Reservation> {
  const [held, ...found] = await Promise.all([
    holdPorts(plan),
    checkRuntime(plan, deps),
    checkGpus(plan, deps),
    checkPaths(plan),
    checkModel(plan, deps.knownDamage),
    checkLimits(plan, deps),
  ]);
  const problems: readonly Problem[] = [...held.problems, ...found.flat()];
  const [first] = problems;
  if (first === undefined) return { release: () => closeAll(held.servers) };
  await closeAll(held.servers);
  throw new Dsr1Error(first.code, problems.map(({ message }) => message).join('; '), {
    hint: first.hint,
    details: { takenPorts: problems.flatMap(({ takenPort }) => takenPort ?? []) },
  });
}

async function checkRuntime(plan: RankPlan, { runtime }: PrepareDeps): Promise<readonly Problem[]> {
  const problem =
    runtime === undefined
      ? runtimeMissing(`this agent has no runtime ${plan.runtime}`)
      : await runtime.problem(plan.image);
  return problem === null ? [] : [problem];
}

async function checkPaths(plan: RankPlan): Promise<readonly Problem[]> {
  // Programs of an image are looked up there, by Docker.
  const programs =
    plan.image === null ? plan.processes.map(({ argv }) => [argv[0] ?? '', constants.X_OK] as const) : [];
  const wanted = [...plan.requiredPaths.map((path) => [path, constants.R_OK] as const), ...programs];
  const checked = await Promise.all(
    wanted.map(async ([path, mode]): Promise<readonly Problem[]> => {
      const code = await access(path, mode).then(
        () => null,
        (error: NodeJS.ErrnoException) => error.code ?? 'unknown error',
      );
      if (code === null) return [];
      const message =
        code === 'ENOENT' ? `${path} does not exist on this node` : `${path} cannot be used (${code})`;
      return [
        { code: 'PATH_MISSING', message, hint: 'put it at the same path on every node of the deployment' },
      ];
    }),
  );
  return checked.flat();
}

async function checkLimits(plan: RankPlan, { memlockBytes }: PrepareDeps): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  // systemd units and containers are given no limit; a plain process has the agent's.
  if (plan.minMemlockBytes !== null && plan.runtime === 'process') {
    const limit = await memlockBytes();
    if (limit !== null && limit < plan.minMemlockBytes) {
      problems.push({
        code: 'LIMIT_TOO_LOW',
        message: `memlock: locked memory is limited to ${limit} bytes, the plan needs ${plan.minMemlockBytes}`,
        hint: 'start the agent with LimitMEMLOCK=infinity (`ulimit -l unlimited`)',
      });
    }
  }
  if (plan.minShmBytes !== null) {
    const bytes = await statfs('/dev/shm').then(
      ({ bsize, blocks }) => bsize * blocks,
      () => 0,
    );
    if (bytes < plan.minShmBytes) {
      problems.push({
        code: 'LIMIT_TOO_LOW',
        message: `shm-too-small: /dev/shm has only ${bytes} bytes, the plan needs ${plan.minShmBytes}`,
        hint: `mount -o remount,size=${plan.minShmBytes} /dev/shm`,
      });
    }
  }
  return problems;
}

/** Binding is the proof: of the address being here, and of the port being free on exactly that address. */
async function holdPorts(
  plan: RankPlan,
): Promise<{ servers: readonly Server[]; problems: readonly Problem[] }> {
  const own = await hold({ name: 'own address', address: plan.address, port: 0 });
  if (!('server' in own)) return { servers: [], problems: [own.problem] };
  const held = await Promise.all(plan.ports.map(hold));
  return {
    servers: [own.server, ...held.flatMap((one) => ('server' in one ? [one.server] : []))],
    problems: held.flatMap((one) => ('server' in one ? [] : [one.problem])),
  };
}

function hold({ name, address, port }: PortPlan): Promise<{ server: Server } | { problem: Problem }> {
  const server = createServer((socket) => socket.destroy());
  server.unref();
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      resolve({ problem: portProblem(error.code ?? '', name, address, port) }),
    );
    server.listen({ host: address, port, exclusive: true }, () => resolve({ server }));
  });
}

function portProblem(code: string, name: string, address: string, port: number): Problem {
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EINVAL') {
    return {
      code: 'ADDRESS_MISSING',
      message: `address ${address} (${name}) is not on this node`,
      hint: 'plan again from new facts',
    };
  }
  const message =
    code === 'EADDRINUSE'
      ? `port-in-use: port ${port} (${name}) on ${address} is in use`
      : `port ${port} (${name}) on ${address} cannot be bound (${code})`;
  return {
    code: 'PORT_TAKEN',
    message,
    hint: `see who has it: ss -ltnp 'sport = :${port}'; or plan again for another port`,
    takenPort: port,
  };
}

async function closeAll(servers: readonly Server[]): Promise<void> {
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
}
