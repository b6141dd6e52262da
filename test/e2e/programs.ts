/** The three programs as processes of this machine, on loopback: what a person starts and types. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';

const root = join(import.meta.dirname, '../..');
const main = (name: string): string => join(root, `packages/${name}/src/main.ts`);

export interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

type Environment = Readonly<Record<string, string>>;

/** Runs a program to its end, at most half a minute. */
export async function run(
  name: 'agent' | 'coordinator' | 'ctl',
  args: readonly string[],
  env: Environment = {},
): Promise<Said> {
  const child = spawn(process.execPath, [main(name), ...args], {
    env: { ...environment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 30_000,
  });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, out, err };
}

export interface Daemon {
  readonly child: ChildProcess;
  /** Everything on stdout and stderr so far. */
  said(): string;
  /** SIGTERM, and what it said in all. */
  end(): Promise<string>;
}

/** Starts a daemon that the test ends by its pid. `under` is put before it, as `unshare` is. */
export function start(
  t: Test,
  name: 'agent' | 'coordinator',
  args: readonly string[],
  { env = {}, under = [] }: { readonly env?: Environment; readonly under?: readonly string[] } = {},
): Daemon {
  const [program = '', ...rest] = [...under, process.execPath, main(name), 'run', ...args];
  const child = spawn(program, rest, {
    env: { ...environment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (said += data));
  const end = async (): Promise<string> => {
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    }
    return said;
  };
  t.teardown(end);
  return { child, said: () => said, end };
}

/** Looks every 50 ms until `look` gives something, at most 20 s. */
export async function eventually<T>(look: () => T | Promise<T>, what: string): Promise<NonNullable<T>> {
  const untilMs = performance.now() + 20_000;
  while (performance.now() < untilMs) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    await sleep(50);
  }
  throw new Error(`waited 20 s for ${what}`);
}

/** Pids whose working folder lies in `folder`: ranks work in their run folders. */
export function livingIn(folder: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const state = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.[0];
        return state !== 'Z' && readlinkSync(`/proc/${pid}/cwd`).startsWith(`${folder}/`);
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** Nothing of the person who runs the tests, and types stripped once for all. */
const environment = (): Environment => ({
  PATH: process.env.PATH ?? '',
  NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/node'),
});
