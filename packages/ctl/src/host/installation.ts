/** Where the other programs of this installation are: dsr1ctl starts them, it never imports them. */
import { dirname, join } from 'node:path';
import type { CtlIo } from '../io.ts';

export interface Installation {
  /** Argv that starts dsr1-agent. */
  readonly agent: readonly string[];
  readonly coordinator: readonly string[];
  /** Folder of the systemd units that ship with it. */
  readonly unitsDir: string;
}

/** A checkout runs `packages/ctl/src/main.ts`; a package is `lib/ctl.mjs` beside `bin/` and `systemd/`. */
export function findInstallation({
  programPath,
  execPath,
}: Pick<CtlIo, 'programPath' | 'execPath'>): Installation {
  const home = dirname(programPath);
  if (programPath.endsWith('.ts')) {
    const packages = join(home, '../..');
    return {
      agent: [execPath, join(packages, 'agent/src/main.ts')],
      coordinator: [execPath, join(packages, 'coordinator/src/main.ts')],
      unitsDir: join(packages, '../deploy/systemd'),
    };
  }
  return {
    agent: [join(home, '../bin/dsr1-agent')],
    coordinator: [join(home, '../bin/dsr1-coordinator')],
    unitsDir: join(home, '../systemd'),
  };
}
