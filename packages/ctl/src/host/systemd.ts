/** Units of this host. */
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Dsr1Error } from '@dsr1/shared/errors';
import { hostText } from '../text/host.ts';
import type { RunProgram } from './run-program.ts';

export type ServiceName = 'dsr1-agent' | 'dsr1-coordinator';

export interface Systemd {
  /** Writes the unit when it is new or differs, enables and starts it; `restart` also when it runs already. */
  install(service: ServiceName, unit: string, options: { readonly restart: boolean }): Promise<void>;
  /** Stops, disables and removes the unit; harmless when there is none. */
  remove(service: ServiceName): Promise<void>;
}

/** systemd is PID 1 and serves (sd_booted(3)). */
export const isSystemdHost = (): boolean => existsSync('/run/systemd/system');

export const UNIT_DIR = '/etc/systemd/system';

export function createSystemd(run: RunProgram, unitDir: string, interrupted: AbortSignal): Systemd {
  const systemctl = async (...args: string[]) => {
    const argv = ['systemctl', ...args];
    const { exitCode, stderr } = await run(argv, interrupted);
    if (exitCode === 0) return;
    const service = args.at(-1) ?? '';
    throw new Dsr1Error('LAUNCH_FAILED', hostText.commandFailed(argv, exitCode, stderr.trim()), {
      hint: hostText.journalHint(service),
    });
  };
  const unitPath = (service: ServiceName) => join(unitDir, `${service}.service`);
  return {
    async install(service, unit, { restart }) {
      const path = unitPath(service);
      if (!existsSync(path) || readFileSync(path, 'utf8') !== unit) {
        mkdirSync(unitDir, { recursive: true });
        writeFileSync(path, unit, { mode: 0o644 });
        await systemctl('daemon-reload');
      }
      await systemctl('enable', '--quiet', service);
      await systemctl(restart ? 'restart' : 'start', service);
    },
    async remove(service) {
      if (!existsSync(unitPath(service))) return;
      await systemctl('disable', '--quiet', '--now', service);
      rmSync(unitPath(service), { force: true });
      await systemctl('daemon-reload');
    },
  };
}

/** The unit that ships, started from where this installation is. */
export function unitText(unitsDir: string, service: ServiceName, argv: readonly string[]): string {
  const shipped = readFileSync(join(unitsDir, `${service}.service`), 'utf8');
  const [, program = ''] = /^ExecStart=(\S+)/m.exec(shipped) ?? [];
  if (existsSync(program) && realpathSync(program) === argv[0]) return shipped;
  return shipped.replace(/^ExecStart=\S+/m, () => `ExecStart=${argv.map(quoted).join(' ')}`);
}

/** systemd.service(5), COMMAND LINES: double quotes, with %, $ and backslash escaped. */
const quoted = (word: string): string =>
  /^[A-Za-z0-9_./:@+-]+$/.test(word)
    ? word
    : `"${word.replace(/[\\"]/g, '\\$&').replace(/%/g, '%%').replace(/\$/g, '$$$$')}"`;
