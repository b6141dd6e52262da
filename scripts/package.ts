/**
 * `npm run package`: one tarball with a private Node, the three programs bundled, the systemd units and install.sh, so that
 * a GPU host needs nothing installed. Written to dist/dsr1-VERSION-PLATFORM.tar.gz; prints its path.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { VERSION } from '@dsr1/shared/version';
import { build } from 'esbuild';

const root = resolve(import.meta.dirname, '..');
const PROGRAMS = { 'dsr1-agent': 'agent', 'dsr1-coordinator': 'coordinator', dsr1ctl: 'ctl' } as const;
const PLATFORM = `${process.platform}-${process.arch}`;

/** Bundled CommonJS code asks for these names, which ES modules lack. */
const BANNER = [
  "import { createRequire as __createRequire } from 'node:module';",
  'const require = __createRequire(import.meta.url);',
  'const __filename = import.meta.filename, __dirname = import.meta.dirname;',
].join('\n');

/** Starts the program beside it with the packaged Node, whatever link it was called by. */
const launcher = (program: string): string => `#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
exec "$here/node" "$here/../lib/${program}.mjs" "$@"
`;

async function bundle(lib: string): Promise<void> {
  const entryPoints = Object.values(PROGRAMS).map((name) => ({
    in: join(root, `packages/${name}/src/main.ts`),
    out: name,
  }));
  await build({
    entryPoints,
    outdir: lib,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    // A CommonJS build behind import() would come out with its default export alone.
    mainFields: ['module', 'main'],
    target: 'node24',
    format: 'esm',
    splitting: true,
    chunkNames: 'chunk-[hash]',
    minifySyntax: true,
    sourcemap: false,
    banner: { js: BANNER },
    logLevel: 'warning',
  });
}

async function main(): Promise<void> {
  const name = `dsr1-${VERSION}`;
  // Built aside and renamed whole, so that two builds at a time do not mix.
  const building = join(root, `dist/building-${process.pid}`);
  const stage = join(building, name);
  for (const folder of ['bin', 'lib', 'systemd']) mkdirSync(join(stage, folder), { recursive: true });
  await bundle(join(stage, 'lib'));
  cpSync(join(root, 'proto'), join(stage, 'lib/proto'), { recursive: true });
  cpSync(join(root, 'packages/agent/src/checks/all-reduce.py'), join(stage, 'lib/all-reduce.py'));
  cpSync(process.execPath, join(stage, 'bin/node'));
  for (const [program, file] of Object.entries(PROGRAMS)) {
    writeFileSync(join(stage, 'bin', program), launcher(file));
    chmodSync(join(stage, 'bin', program), 0o755);
  }
  cpSync(join(root, 'deploy/systemd'), join(stage, 'systemd'), { recursive: true });
  cpSync(join(root, 'deploy/install.sh'), join(stage, 'install.sh'));
  for (const file of ['README.md', 'LICENSE']) cpSync(join(root, file), join(stage, file));
  writeFileSync(join(stage, 'VERSION'), `${VERSION}\n`);
  writeFileSync(join(stage, 'PLATFORM'), `${PLATFORM}\n`);
  const file = `${name}-${PLATFORM}.tar.gz`;
  const compress = '--use-compress-program=gzip -1';
  execFileSync('tar', [
    '--owner=0',
    '--group=0',
    compress,
    '-cf',
    join(building, file),
    '-C',
    building,
    name,
  ]);
  const tarball = join(root, 'dist', file);
  renameSync(join(building, file), tarball);
  rmSync(join(root, 'dist', name), { recursive: true, force: true });
  renameSync(stage, join(root, 'dist', name));
  rmSync(building, { recursive: true });
  process.stdout.write(`${tarball}\n`);
}

await main();
