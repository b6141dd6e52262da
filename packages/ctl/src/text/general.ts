/** Sentences of the program as a whole. The folder text/ is all that a translation needs to replace. */
export const generalText = {
  description: 'Takes N bare GPU hosts to one served model, and looks after it.',
  errorLabel: 'error:',
  nextLabel: 'next: ',
  causedBy: 'caused by',
  wholeDeployment: '(all)',
  reportDefect:
    'this is a defect of dsr1: run the command again with DSR1_DEBUG=1 and report what it prints, with `dsr1ctl version`',
  seeHelp: '`dsr1ctl --help` lists the commands, `dsr1ctl COMMAND --help` its options',
  subcommandMissing: 'expected a subcommand, found none',
  seeHelpAbove: 'choose one of the commands listed above',
  jsonFlag: 'print JSON (docs/cli.md)',
  contextFlag: 'coordinator to talk to (see `dsr1ctl context list`)',
  version: 'versions of dsr1ctl and of the coordinator',
  versionOffline: 'coordinator: none configured (`dsr1ctl context add`, or `dsr1ctl init` on this host)',
  completion: 'print a completion script: `source <(dsr1ctl completion bash)`',
  completionShell: 'bash, zsh or fish',
} as const;
