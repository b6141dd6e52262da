/** A dsr1 cluster on lab hosts, put there as an operator would: package, install.sh, init, join by token. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { HostOutput, Lab } from './lab.ts';

const repository = resolve(import.meta.dirname, '../..');

export interface Cluster {
  /** `dsr1ctl ARGS` on host 1, where the admin's context is. */
  ctl(args: readonly string[], timeoutMs?: number): Promise<HostOutput>;
  /** The same with `--json`, parsed; throws with all output when it fails. */
  ctlJson<T>(args: readonly string[], timeoutMs?: number): Promise<T>;
  /** Writes a deployment file on host 1 and returns its path there. */
  file(name: string, text: string): string;
}

/** Builds the package of this checkout and returns its tarball. */
export function buildPackage(): string {
  const out = execFileSync(process.execPath, ['scripts/package.ts'], { cwd: repository, encoding: 'utf8' });
  return out.trim().split('\n').at(-1) ?? '';
}

/** Unpacks and installs the package on host `i`, as README.md says. */
export async function installOn(lab: Lab, i: number, tarball: string): Promise<void> {
  const target = join(lab.root(i), 'root');
  execFileSync('tar', ['-xzf', tarball, '-C', target]);
  const folder = basename(tarball).replace(/-[a-z]+-[a-z0-9]+\.tar\.gz$/, '');
  must(await lab.exec(i, [`/root/${folder}/install.sh`]), 'install.sh');
}

/** Coordinator on host 1, every host joined by a token from a file. */
export async function startCluster(lab: Lab, hosts: number): Promise<Cluster> {
  must(await lab.exec(1, ['dsr1ctl', 'init', '--advertise', lab.address(1)]), 'dsr1ctl init');
  const cluster: Cluster = {
    ctl: (args, timeoutMs) => lab.exec(1, ['dsr1ctl', ...args], timeoutMs),
    ctlJson: async (args, timeoutMs) =>
      JSON.parse(must(await lab.exec(1, ['dsr1ctl', ...args, '--json'], timeoutMs), args.join(' ')).stdout),
    file: (name, text) => {
      writeFileSync(join(lab.root(1), 'root', name), text);
      return `/root/${name}`;
    },
  };
  for (let i = 1; i <= hosts; i++) await joinHost(lab, cluster, i);
  return cluster;
}

export async function joinHost(lab: Lab, cluster: Cluster, i: number): Promise<HostOutput> {
  const { token } = await cluster.ctlJson<{ token: string }>(['token', 'create']);
  const folder = join(lab.root(i), 'root');
  if (!existsSync(folder)) mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'token'), `${token}\n`, { mode: 0o600 });
  const joined = await lab.exec(
    i,
    ['dsr1ctl', 'join', '--token-file', '/root/token', '--server', lab.address(1)],
    60_000,
  );
  return must(joined, `dsr1ctl join on gpu-${i}`);
}

/** The output when the command went well; throws with everything that it printed otherwise. */
export function must(output: HostOutput, what: string): HostOutput {
  if (output.code === 0) return output;
  throw new Error(`${what} ended with ${output.code}\n${output.stdout}\n${output.stderr}`);
}
