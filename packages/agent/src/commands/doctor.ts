import { Command } from 'commander';
import { examine } from '../doctor/examine.ts';
import { renderFindings } from '../doctor/render.ts';
import { collectHere, withHostOptions } from './host-options.ts';

/** `dsr1-agent doctor [--json]`: what is missing on this host and how to fix it. Exit status 1 when there are errors. */
export function doctorCommand(): Command {
  return withHostOptions(
    new Command('doctor').description('say what is missing on this host and how to fix it'),
  ).action(async (flags) => {
    const { facts, config } = await collectHere(flags);
    const findings = examine(facts, config);
    process.stdout.write(
      flags.json === true
        ? `${JSON.stringify(findings, null, 2)}\n`
        : renderFindings(facts.hostname, findings),
    );
    if (findings.some(({ severity }) => severity === 'error')) process.exitCode = 1;
  });
}
