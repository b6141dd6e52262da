/** What one host's tools, sysfs and environment say of its fabric, as texts that explain reads. */
import { maskText } from './mask.ts';
import type { CollectedNode } from './model.ts';
import { settingsText } from './settings-text.ts';
import { type SysfsReader, sysfsText } from './sysfs-text.ts';
import { FABRIC_TOOLS } from './tools.ts';

/** What collecting needs of a machine. */
export interface CollectMachine extends SysfsReader {
  run(argv: readonly [string, ...string[]], limits: { readonly timeoutMs: number }): Promise<ToolAnswer>;
}

type ToolAnswer =
  | { readonly answered: true; readonly exitCode: number; readonly stdout: string }
  | { readonly answered: false; readonly reason: string };

export interface CollectOptions {
  /** Facts as JSON, where this host's own probes can tell: explain believes them before any tool. */
  readonly facts: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly mask: boolean;
  /** A tool that hangs costs this much and nothing else: all run at the same time. */
  readonly timeoutMs: number;
}

/** Never rejects: what cannot be had is named. */
export async function collectTexts(machine: CollectMachine, options: CollectOptions): Promise<CollectedNode> {
  const [tools, sysfs] = await Promise.all([
    Promise.all(
      Object.entries(FABRIC_TOOLS).map(async ([kind, argv]) => {
        const answer = await machine.run(argv, { timeoutMs: options.timeoutMs });
        return { kind, tool: argv.join(' '), ...said(answer) };
      }),
    ),
    sysfsText(machine),
  ]);
  const texts: [string, string][] = [
    ['facts', options.facts],
    ...tools.map(({ kind, text }): [string, string] => [kind, text]),
    ['sysfs-infiniband', sysfs],
    ['env', settingsText(options.env)],
  ];
  return {
    texts: Object.fromEntries(
      texts
        .filter(([, text]) => text !== '')
        .map(([kind, text]) => [kind, options.mask ? maskText(text) : text]),
    ),
    missing: tools.flatMap(({ tool, reason }) => (reason === null ? [] : [{ tool, reason }])),
  };
}

/** Output counts even when the tool failed in the end (`ibstat` prints good ports and then `ibpanic:`). */
function said(answer: ToolAnswer): { text: string; reason: string | null } {
  if (!answer.answered) return { text: '', reason: answer.reason };
  return {
    text: answer.stdout,
    reason: answer.exitCode === 0 ? null : `ended with exit status ${answer.exitCode}`,
  };
}
