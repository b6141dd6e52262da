/** Images of this machine's Python with a stand-in engine in it: small, and a real interpreter all the same. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { anEngine, PYTHON, pythonLibrary } from '../../packages/agent/test/helpers/an-engine.ts';
import { type Daemon, importRoot } from './daemons.ts';

/** Its id. The image's own PATH is /usr/bin. */
export async function pythonImage(
  daemon: Daemon,
  version: string,
  flags: readonly string[],
  code = '',
): Promise<string> {
  const root = mkdtempSync(join(tmpdir(), 'dsr1-python-'));
  try {
    const library = pythonLibrary();
    const ldd = execFileSync('ldd', [PYTHON], { encoding: 'utf8' });
    for (const [, path = ''] of ldd.matchAll(/(\/\S+) \(/g)) {
      mkdirSync(join(root, dirname(path)), { recursive: true });
      copyFileSync(path, join(root, path));
    }
    mkdirSync(join(root, 'usr/bin'), { recursive: true });
    mkdirSync(join(root, 'tmp'));
    copyFileSync(PYTHON, join(root, 'usr/bin/python3'));
    symlinkSync('python3', join(root, 'usr/bin', library));
    const skipped = ['test', 'idlelib', 'tkinter', '__pycache__', 'config-*'].map(
      (name) => `--exclude=${name}`,
    );
    const tar = execFileSync('tar', ['-C', '/usr/lib', ...skipped, '-cf', '-', library], {
      maxBuffer: 1 << 30,
    });
    mkdirSync(join(root, 'usr/lib'), { recursive: true });
    execFileSync('tar', ['-C', join(root, 'usr/lib'), '-xf', '-'], { input: tar });
    anEngine(join(root, 'usr/local/lib', library, 'dist-packages'), version, flags, code);
    return await importRoot(daemon, root);
  } finally {
    rmSync(root, { recursive: true });
  }
}
