/** `dsr1ctl doctor`: what this host lacks, and how to fix it; the checks are the agent's. */
import { Dsr1Error } from '@dsr1/shared/errors';
import { Command } from 'commander';
import { findInstallation } from '../host/installation.ts';
import { runProgram } from '../host/run-program.ts';
import type { CtlIo } from '../io.ts';
import { generalText } from '../text/general.ts';
import { hostText } from '../text/host.ts';

export function doctorCommand(io: CtlIo): Command {
  return new Command('doctor')
    .description(hostText.doctor.describe)
    .option('--json', generalText.jsonFlag)
    .action(async ({ json }: { json?: true }) => {
      const argv = [...findInstallation(io).agent, 'doctor', ...(json ? ['--json'] : [])];
      const { exitCode, stdout, stderr } = await runProgram(argv, io.interrupted);
      io.stdout.write(stdout);
      io.stderr.write(stderr);
      if (exitCode === 0) return;
      throw new Dsr1Error('CHECK_FAILED', hostText.doctor.failed, { hint: hostText.doctor.failedHint });
    });
}
