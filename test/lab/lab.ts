/** The lab of real systemd hosts (hosts.sh) for tests: the same verbs, with output and time limits. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { execa } from 'execa';

const script = join(import.meta.dirname, 'hosts.sh');

export interface HostOutput {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Lab {
  /** Runs argv inside host `i` (from 1). Never rejects: a time-out is code 124. */
  exec(i: number, argv: readonly string[], timeoutMs?: number): Promise<HostOutput>;
  /** Root folder of host `i`, writable from here. */
  root(i: number): string;
  address(i: number): string;
  reboot(i: number): Promise<void>;
  kill(i: number): void;
  start(i: number): void;
  cut(i: number): void;
  heal(i: number): void;
  /** What host `i` starts from now on gets so much memory together; null lifts the limit. */
  limitMemory(i: number, bytes: number | null): void;
  down(): void;
}

/** Boots hosts 1..count; `binds` are "SRC:DST" pairs that every host sees read-only. */
export function bootLab(count: number, rails: number, binds: readonly string[] = []): Lab {
  const env = { ...process.env, DSR1_LAB_BIND: binds.join(' ') };
  const verb = (...args: string[]): string =>
    execFileSync(script, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  verb('up', String(count), String(rails));
  const roots = new Map(Array.from({ length: count }, (_, i) => [i + 1, verb('root', String(i + 1)).trim()]));
  const exec = async (i: number, argv: readonly string[], timeoutMs = 60_000): Promise<HostOutput> => {
    const limits = {
      timeout: timeoutMs,
      maxBuffer: 64 << 20,
      forceKillAfterDelay: 1_000,
      reject: false,
    } as const;
    const { exitCode, timedOut, stdout, stderr } = await execa(script, ['exec', String(i), ...argv], limits);
    return { code: timedOut ? 124 : (exitCode ?? 1), stdout, stderr };
  };
  const bootId = async (i: number): Promise<string> =>
    (await exec(i, ['cat', '/proc/sys/kernel/random/boot_id'], 5_000)).stdout.trim();
  return {
    exec,
    root: (i) => roots.get(i) ?? '',
    address: (i) => `10.77.0.${i}`,
    reboot: async (i) => {
      const before = await bootId(i);
      verb('reboot', String(i));
      for (let tries = 0; tries < 240; tries++) {
        await new Promise((resolve) => setTimeout(resolve, 250));
        const now = await bootId(i);
        if (now === '' || now === before) continue;
        verb('wait', String(i));
        return;
      }
      throw new Error(`gpu-${i} did not come back from its reboot in 60 s`);
    },
    kill: (i) => void verb('kill', String(i)),
    start: (i) => void verb('start', String(i)),
    cut: (i) => void verb('cut', String(i)),
    heal: (i) => void verb('heal', String(i)),
    limitMemory: (i, bytes) => void verb('memory', String(i), String(bytes ?? -1)),
    down: () => void verb('down'),
  };
}
