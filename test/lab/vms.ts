/** Virtual machines with soft-RoCE (rdma-vms.sh), the package inside, and a coordinator on this machine that they joined. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { CoordinatorConfig } from '@dsr1/coordinator/config';
import { startCoordinator } from '@dsr1/coordinator/coordinator';
import { systemClock } from '@dsr1/shared/clock';
import { loadConfig } from '@dsr1/shared/config';
import { enroll } from '@dsr1/shared/identity/enroll';
import { openIdentityStore } from '@dsr1/shared/identity/store';
import { parseJoinToken } from '@dsr1/shared/identity/token';
import { createLogger } from '@dsr1/shared/logger';
import { loadServices } from '@dsr1/shared/rpc/services';
import { VERSION } from '@dsr1/shared/version';
import { execa } from 'execa';
import { buildPackage } from './cluster.ts';
import type { HostOutput } from './lab.ts';

const script = join(import.meta.dirname, 'rdma-vms.sh');
const ctl = join(import.meta.dirname, '../../packages/ctl/src/main.ts');
const OWN_ADDRESS = '10.87.0.254';

export interface VmLab {
  /** Runs argv inside VM `i` (from 1). Never rejects: a time-out is code 124. */
  exec(i: number, argv: readonly string[], timeoutMs?: number): Promise<HostOutput>;
  /** `dsr1ctl ARGS` on this machine, against the coordinator that runs here. */
  ctl(args: readonly string[], timeoutMs?: number): Promise<HostOutput>;
  /** Writes a file for `ctl` and returns its path. */
  file(name: string, content: string): string;
  /** Moves the cables of VM `i`'s first two rails to each other's switch, or back. */
  cross(i: number): void;
  straight(i: number): void;
  down(): Promise<void>;
}

/**
 * Boots VMs rdma-1..count whose agents joined before they booted: identities are written to their disks by the same
 * enrolment that `dsr1ctl join` does, which on an emulated processor would take minutes. DSR1_LAB_PACKAGE names a package
 * that is built already.
 */
export async function bootVms(count: number, rails: number): Promise<VmLab> {
  const verb = (...args: string[]): string =>
    execFileSync(script, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();
  const folder = mkdtempSync(join(tmpdir(), 'dsr1-vms-'));
  verb('make', String(count), String(rails));
  const coordinator = await coordinatorHere(join(folder, 'state'));
  const numbers = Array.from({ length: count }, (_, i) => i + 1);
  const tarball = process.env.DSR1_LAB_PACKAGE ?? buildPackage();
  for (const i of numbers) {
    const root = verb('root', String(i));
    install(root, tarball);
    await enrolVm(coordinator, i, join(root, 'var/lib/dsr1-agent'));
  }
  verb('boot');
  const limits = (timeoutMs: number) =>
    ({ timeout: timeoutMs, forceKillAfterDelay: 1_000, reject: false }) as const;
  const env = { XDG_CONFIG_HOME: join(folder, 'config') };
  const output = async (argv: readonly string[], timeoutMs: number): Promise<HostOutput> => {
    const [file = '', ...args] = argv;
    const { exitCode, timedOut, stdout, stderr } = await execa(file, args, { ...limits(timeoutMs), env });
    return { code: timedOut ? 124 : (exitCode ?? 1), stdout, stderr };
  };
  const here = (args: readonly string[], timeoutMs = 120_000) =>
    output([process.execPath, ctl, ...args], timeoutMs);
  await here([
    'init',
    '--no-service',
    '--state-dir',
    join(folder, 'state'),
    '--listen',
    OWN_ADDRESS,
    '--http-port',
    String(coordinator.ports.http),
  ]);
  return {
    exec: (i, argv, timeoutMs = 60_000) => output([script, 'exec', String(i), ...argv], timeoutMs),
    ctl: here,
    file(name, content) {
      const path = join(folder, name);
      writeFileSync(path, content);
      return path;
    },
    cross: (i) => void verb('cross', String(i)),
    straight: (i) => void verb('straight', String(i)),
    async down() {
      await coordinator.close();
      // The agents hang up, too: a connection to a machine that is gone would keep this process for a quarter of an hour.
      await new Promise((resolve) => setTimeout(resolve, 5_000));
      verb('down');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

type Coordinator = Awaited<ReturnType<typeof startCoordinator>>;

function coordinatorHere(stateDir: string): Promise<Coordinator> {
  const flags = {
    stateDir,
    listen: OWN_ADDRESS,
    advertise: [OWN_ADDRESS],
    httpPort: 0,
    joinPort: 0,
    sessionPort: 0,
  };
  const { config } = loadConfig(CoordinatorConfig, {
    defaultFile: '/nonexistent/dsr1.yaml',
    envPrefix: 'DSR1_TEST_',
    env: {},
    flags,
  });
  return startCoordinator(config, { log: createLogger('dsr1-coordinator', 'silent'), clock: systemClock });
}

/** install.sh in the VM's own tree: the package brings what it needs. */
function install(root: string, tarball: string): void {
  execFileSync('tar', ['-xzf', tarball, '-C', join(root, 'root')]);
  const name = basename(tarball).replace(/-[a-z]+-[a-z0-9]+\.tar\.gz$/, '');
  execFileSync('chroot', [root, `/root/${name}/install.sh`]);
  cpSync(
    join(root, 'opt/dsr1/current/systemd/dsr1-agent.service'),
    join(root, 'etc/systemd/system/dsr1-agent.service'),
  );
  execFileSync('chroot', [root, 'systemctl', 'enable', '--quiet', 'dsr1-agent']);
}

async function enrolVm({ tokens, ports }: Coordinator, i: number, stateDir: string): Promise<void> {
  const { token } = await tokens.create({}, 'test');
  await enroll(
    {
      token: parseJoinToken(token),
      host: OWN_ADDRESS,
      port: ports.join,
      hostname: `rdma-${i}`,
      nodeName: `rdma-${i}`,
      bootId: `before-${i}`,
      fingerprint: `vm-${i}`,
      agentVersion: VERSION,
    },
    { services: loadServices(), store: openIdentityStore(stateDir), nowMs: () => Date.now() },
  );
}
