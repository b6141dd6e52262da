/** Sentences of `dsr1ctl diagnose`. */
export const diagnoseText = {
  describe: 'say why a launch failed, from its logs: causes, the lines that prove them, and the fix',
  argument:
    'folder of logs (with facts.json where more is known), bundle of `fabric collect`, one file, - for a pasted log, or the name of a deployment',
  linesFlag: 'last lines to read of each rank of a deployment',
  badFacts: (path: string) => `${path}: expected JSON, found something else`,
  badFactsHint: 'remove it to have the logs read alone',
  tooManyFiles: (root: string, most: number, found: number) =>
    `expected at most ${most} files under ${root}, found ${found}`,
  fine: 'nothing wrong was found in these logs',
  percent: (confidence: number) => `${Math.round(confidence * 100)} %`,
  fix: 'fix',
  first: 'seen first in',
  further: 'also possible',
} as const;
