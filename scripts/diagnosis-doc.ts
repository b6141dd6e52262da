/** The text of docs/diagnosis.md: every category with cause and fix, and what it is recognised by. Made of the rules. */
import { categories, familyTitles } from '../packages/shared/src/diagnose/categories.ts';
import type { Rule } from '../packages/shared/src/diagnose/model.ts';
import { rules } from '../packages/shared/src/diagnose/rules.ts';

export function diagnosisDoc(): string {
  const families = Object.entries(familyTitles).map(([family, title]) =>
    [
      `## ${title}`,
      ...categories
        .filter((each) => each.family === family)
        .map(({ category, cause, fix }) =>
          [
            `### ${category}`,
            `**Cause.** ${sentence(cause)}`,
            `**Fix.** ${sentence(fix)}`,
            knownBy(rules.filter((rule) => rule.category === category)),
          ].join('\n\n'),
        ),
    ].join('\n\n'),
  );
  return `${intro}\n${families.join('\n\n')}\n`;
}

function knownBy(known: readonly Rule[]): string {
  if (known.length === 0) return 'Told by the diagnosis of the fabric ([fabric.md](fabric.md)).';
  const rows = known.map(
    ({ id, strength, quiet, source, cause, fix }) =>
      `| ${id} | ${quiet ? `${strength}, in silence` : strength} | ${cell(source)} | ${cell([cause, fix].filter(Boolean).join(' → '))} |`,
  );
  return ['| rule | strength | printed by | more exactly |', '|---|---|---|---|', ...rows].join('\n');
}

const sentence = (words: string): string => `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;

const cell = (words: string): string => words.replaceAll('|', '\\|').replace(/\$(\d)/g, '…');

const intro = `# Diagnosis

<!-- Made by scripts/gen-docs.ts from packages/shared/src/diagnose. -->

\`\`\`
dsr1ctl diagnose FOLDER        logs of all ranks, with facts.json where more is known
dsr1ctl diagnose FILE          one log
dsr1ctl diagnose -             a pasted log
dsr1ctl diagnose DEPLOYMENT    the logs, ends and plan of a deployment
\`\`\`

It answers with the most likely cause first, the lines that prove it (file and number), the fix, and how sure it is; with
\`--json\` as \`{"diagnoses": [{"category", "cause", "fix", "confidence", "evidence": [{"file", "line", "number"}], "where"}]}\`.
Nothing wrong gives an empty list; "network" beside it holds what \`fabric explain\` says of the same lines. Outputs of network tools alone are no logs: an error that names \`fabric explain\`. What no rule knows is \`unknown\`, with the earliest errors. A failed \`dsr1ctl deploy\` ends with the same
verdict, and \`dsr1ctl status\` keeps it: agents run the same code over their ranks' logs as these grow. Categories of the network that are not listed here (\`wrong-gid\`, \`rail-isolated\` …) are told in the words of [fabric.md](fabric.md).

\`facts.json\` is any JSON; these keys are asked for: \`engine\`, \`engine_version\`, \`nodes\`, and within \`facts\`: \`command\`, \`env\`, \`driver\`,
\`ulimit_l\` or \`memlock\`, \`symptom\` (what was seen from outside: "requests hang"), \`works_with\` (a setting with which it works).

How it decides:

- Prefixes of processes, ranks, Ray, containers and journals come off; they say who speaks, when, and how loud.
- A **proof** says the cause itself; **strong** is this cause nearly always; a **hint** is a guess better than none; a **consequence** is
  the end of something that happened elsewhere and never stands before a cause.
- A limit that fired while a rank waited (watchdog, store, barrier) stands behind a cause that was seen before it or on another rank;
  a rank whose log ends while it still loads is slow, not dead.
- Of equal signs the earlier in wall time wins over all ranks; an exception raised while another was handled counts less, and so does
  what its own program calls a warning or information.
- Rules **in silence** count only when nothing else alarms: a log that just ends, green health checks while requests hang.
- Lines that healthy launches print, and echoes ("Engine core initialization failed", "Received sigquit"), decide nothing.

The rules were measured on 53 posted failures with a confirmed cause, which are not part of this repository and which their author had read:
first category right 53 times (3 of them of low confidence), a deciding line quoted 53 times, none misled; so there is no rest to explain.
What holds them otherwise is the suite: several wordings for every rule and one that only looks like it (packages/shared/test), and whole logs
of our own runs, good and bad (test/data/engine-logs).
`;
