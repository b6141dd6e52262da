/** Real Docker engines for tests: each with its own root, socket and images, as on hosts of their own. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Daemon {
  /** Folder of Docker's programs. */
  readonly bin: string;
  readonly socketPath: string;
  /** Kills the daemon alone and starts it again: what a crash or an upgrade of Docker does. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export async function startDaemon(): Promise<Daemon> {
  const bin = execFileSync(join(import.meta.dirname, 'engine.sh'), { encoding: 'utf8' }).trim();
  // Short: paths of sockets end at 107 bytes.
  const folder = mkdtempSync(join(tmpdir(), 'dsr1-docker-'));
  const socketPath = join(folder, 'docker.sock');
  const start = async (): Promise<ChildProcess> => {
    const log = openSync(join(folder, 'dockerd.log'), 'a');
    const child = spawn(
      join(bin, 'dockerd'),
      [
        ...['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')],
        ...['--pidfile', join(folder, 'pid'), '-H', `unix://${socketPath}`],
        ...['--bridge=none', '--iptables=false', '--live-restore'],
      ],
      { env: { PATH: `${bin}:${process.env.PATH}` }, stdio: ['ignore', log, log] },
    );
    for (let tries = 0; tries < 150; tries += 1) {
      const answer = await api(socketPath, 'GET', '/_ping').catch(() => '');
      if (answer === 'OK') return child;
      await sleep(200);
    }
    child.kill('SIGKILL');
    throw new Error(`dockerd did not answer in 30 s: see ${folder}/dockerd.log`);
  };
  const end = async (child: ChildProcess, signal: NodeJS.Signals): Promise<void> => {
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  };
  let child = await start();
  return {
    bin,
    socketPath,
    async restart() {
      await end(child, 'SIGTERM');
      child = await start();
    },
    async stop() {
      await end(child, 'SIGTERM');
      for (const mount of mountsBelow(folder)) execFileSync('umount', [mount]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Network namespaces and layers that the daemon leaves mounted, innermost first. */
const mountsBelow = (folder: string): string[] =>
  readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .flatMap((line) => line.split(' ')[1] ?? [])
    .filter((path) => path.startsWith(`${folder}/`))
    .reverse();

/** One request to a daemon, its body JSON or an archive; the body of its answer. */
export async function api(
  socketPath: string,
  method: string,
  path: string,
  body?: Readable | object,
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const isArchive = body instanceof Readable;
  const type = isArchive ? 'application/x-tar' : 'application/json';
  const call = request({ socketPath, path, method, headers: { 'content-type': type } }, (answer) => {
    text(answer).then(resolve, reject);
  }).on('error', reject);
  if (isArchive) body.pipe(call);
  else call.end(body === undefined ? undefined : JSON.stringify(body));
  return promise;
}

/** Makes an image of this machine's Node.js and a rank's program, at /rank.mjs; its id. */
export async function importImage(daemon: Daemon, program: string): Promise<string> {
  const root = mkdtempSync(join(tmpdir(), 'dsr1-image-'));
  try {
    const libraries = [
      ...execFileSync('ldd', [process.execPath], { encoding: 'utf8' }).matchAll(/(\/\S+) \(/g),
    ];
    for (const [, path = ''] of libraries) {
      mkdirSync(join(root, dirname(path)), { recursive: true });
      copyFileSync(path, join(root, path));
    }
    mkdirSync(join(root, 'usr/bin'), { recursive: true });
    mkdirSync(join(root, 'tmp'));
    copyFileSync(process.execPath, join(root, 'usr/bin/node'));
    copyFileSync(program, join(root, 'rank.mjs'));
    return await importRoot(daemon, root);
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** Makes an image of what is in a folder, and of further folders of this machine under their own paths; its id. */
export async function importRoot(
  { socketPath }: Daemon,
  root: string,
  further: readonly string[] = [],
): Promise<string> {
  const tar = spawn(
    'tar',
    ['-C', root, '-cf', '-', '.', ...further.flatMap((path) => ['-C', '/', `.${path}`])],
    {
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  const [progress, [code]] = await Promise.all([
    api(socketPath, 'POST', '/images/create?fromSrc=-&changes=ENV%20PATH=/usr/bin', tar.stdout),
    once(tar, 'close'),
  ]);
  const id = /sha256:[0-9a-f]{64}/.exec(progress)?.[0];
  if (id === undefined || code !== 0) throw new Error(`docker import: ${progress}`);
  return id;
}

/** Gives an image to another daemon, under the same id: an import of the same files would get another one. */
export async function copyImage(from: Daemon, to: Daemon, image: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  request({ socketPath: from.socketPath, path: `/images/${image}/get` }, (archive) => {
    const load = request(
      { socketPath: to.socketPath, path: '/images/load?quiet=1', method: 'POST' },
      (answer) => {
        text(answer).then(
          (said) => (answer.statusCode === 200 ? resolve() : reject(new Error(said))),
          reject,
        );
      },
    );
    archive.pipe(load.on('error', reject));
  })
    .on('error', reject)
    .end();
  return promise;
}
