/** One rank of a plan as a shell script, for operators who start ranks by hand or want to read what would run. */
import type { LaunchPlan, ProcessPlan, RankPlan } from './model.ts';
import { wordsByFlag } from './render.ts';

/**
 * A runnable bash script. It makes a private run folder, writes the rank's files there with the key in API_KEY (made up
 * when it is not set) and the secret of the gang in GANG_KEY, and starts the processes exactly as the plan says. Run it on `rank.nodeName`.
 */
export function rankScript(plan: LaunchPlan, rank: RankPlan): string {
  const beside = rank.processes.slice(0, -1);
  const last = rank.processes.slice(-1);
  return [
    '#!/usr/bin/env bash',
    `# ${plan.deployment}, attempt ${plan.epoch}, rank ${rank.rank} of ${plan.world.nodes}: ${rank.engine}${rank.engineVersion === null ? '' : ` ${rank.engineVersion}`}. Run it on ${rank.nodeName}.`,
    ...(rank.randomPorts === null ? [] : [`# It also opens ${rank.randomPorts}.`]),
    'set -euo pipefail',
    'umask 077',
    'RUN_DIR=$(mktemp -d)',
    '# Name a folder on this disk to keep what is compiled for the next start.',
    `CACHE_DIR=\${CACHE_DIR:-$RUN_DIR/cache}`,
    ...rank.files.flatMap(({ name, content }) => fileLines(name, content)),
    ...(beside.length === 0 ? [] : ["trap 'kill $(jobs -p)' EXIT"]),
    ...beside.flatMap((process) => processLines(process, '', ' &')),
    ...last.flatMap((process) => processLines(process, beside.length === 0 ? 'exec ' : '', '')),
    '',
  ].join('\n');
}

/** A word as bash reads it back; `{runDir}`, `{cacheDir}`, `{apiKey}` and `{gangKey}` become variables of the script. */
export function shellWord(word: string): string {
  const parts = word.split(/(\{runDir\}|\{cacheDir\}|\{apiKey\}|\{gangKey\})/).filter((part) => part !== '');
  if (parts.length === 0) return "''";
  return parts.map((part) => VARIABLES[part] ?? quoted(part)).join('');
}

const VARIABLES: Readonly<Record<string, string>> = {
  '{runDir}': '"$RUN_DIR"',
  '{cacheDir}': '"$CACHE_DIR"',
  '{apiKey}': '"$API_KEY"',
  '{gangKey}': '"$GANG_KEY"',
};

const quoted = (text: string) =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

function fileLines(name: string, content: string): string[] {
  const key = content.includes('{apiKey}')
    ? [`API_KEY=\${API_KEY:-$(od -An -N24 -tx1 /dev/urandom | tr -d ' \\n')}`, 'echo "API key: $API_KEY" >&2']
    : [];
  const secret = content.includes('{gangKey}')
    ? [`GANG_KEY=\${GANG_KEY:?expected one secret for all ranks, the same for every script}`]
    : [];
  return [...key, ...secret, `printf %s ${shellWord(content)} > "$RUN_DIR"/${name}`];
}

function processLines({ argv, env, reasons }: ProcessPlan, before: string, after: string): string[] {
  const variables = Object.entries(env).flatMap(([name, value]) => [
    ...comment(reasons[name]),
    `export ${name}=${shellWord(value)}`,
  ]);
  const words = wordsByFlag(argv).map((group) => group.map(shellWord).join(' '));
  return ['', ...variables, '', `${before}${words.join(' \\\n  ')}${after}`];
}

const comment = (reason: string | undefined) =>
  reason === undefined ? [] : [`# ${reason.replaceAll('\n', ' ')}`];
