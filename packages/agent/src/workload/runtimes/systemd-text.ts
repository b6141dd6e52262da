/** Texts that systemd takes and gives. Pure. */
import { constants } from 'node:os';
import type { Exit } from './runtime.ts';

/** One unit per process. Run ids are made of letters, digits, dots and dashes, all legal in unit names. */
export const unitNameOf = (runId: string, processId: string): string =>
  `dsr1-run-${runId}-${processId}.service`;

/** systemd.exec(5), EnvironmentFile: in double quotes only these four characters are escaped. */
export function environmentFile(env: Readonly<Record<string, string>>): string {
  return Object.entries(env)
    .map(([name, value]) => `${name}="${value.replace(/["\\`$]/g, '\\$&')}"\n`)
    .join('');
}

/** Output of `systemctl show`: `Name=value` lines. */
export function parseProperties(text: string): Readonly<Record<string, string>> {
  const lines = text.split('\n').filter((line) => line.includes('='));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

/** ExecMainCode is a CLD_ constant of sigaction(2): 1 exited, 2 killed, 3 dumped; then ExecMainStatus is code or signal. */
export function exitFromUnit(properties: Readonly<Record<string, string>>): Exit {
  const code = Number(properties.ExecMainCode ?? 0);
  const status = Number(properties.ExecMainStatus ?? 0);
  const detail = properties.Result === 'oom-kill' ? 'killed by the kernel: out of memory' : null;
  if (code === 1) return { code: status, signal: null, detail };
  if (code === 2 || code === 3) return { code: null, signal: signalName(status), detail };
  return {
    code: null,
    signal: null,
    detail: detail ?? 'exit status unknown: systemd has forgotten the unit',
  };
}

const signalName = (number: number): string =>
  Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? `signal ${number}`;
