/** What mail, Markdown, terminals and copying do to a text changes nothing that is read out of it. */
import { join } from 'node:path';
import { readManifestDump } from '@dsr1/shared/fabric/dump';
import { explainDump } from '@dsr1/shared/fabric/explain';
import { explanationJson } from '@dsr1/shared/fabric/explain-json';
import { test } from 'tap';
import { type LoadedCase, loadCases } from './case.ts';
import type { Answer } from './score.ts';

const POLICY = { transport: 'auto', ncclVersion: null, gpuRanks: true, overrides: {} } as const;
const ESC = String.fromCharCode(27);

const eachLine = (change: (line: string) => string) => (text: string) =>
  text.split('\n').map(change).join('\n');

const DISGUISES: Readonly<Record<string, (text: string) => string>> = {
  'blanks for tabs': eachLine((line) => line.replace(/\t/g, ' ')),
  'tab stops of eight': eachLine((line) =>
    [...line].reduce((out, char) => out + (char === '\t' ? ' '.repeat(8 - (out.length % 8)) : char), ''),
  ),
  'an answer to a mail': eachLine((line) => `> > ${line}`),
  'lines of Windows': eachLine((line) => `${line}\r`),
  'blanks at the end': eachLine((line) => `${line}   `),
  'a list item': eachLine((line) => (line === '' ? line : `    ${line}`)),
  colours: eachLine((line) => line.replace(/\S+/, (word) => `${ESC}[1;34m${word}${ESC}[0m`)),
  'a code block': (text) => `我的环境如下：\n\`\`\`bash\n${text}\n\`\`\`\n以上，谢谢。\n`,
  'a folded answer': (text) => `<details>\n<summary>output</summary>\n\n~~~\n${text}\n~~~\n\n</details>\n`,
  'blanks that do not break': eachLine((line) => line.replace(/ /g, '\u00a0')),
  'marks of no width': eachLine((line) => `\u200b${line}`),
  'double spacing': eachLine((line) => `${line}\n`),
  'the frame of a terminal program': eachLine((line) => `│ ${line.padEnd(100)} │`),
  'the source of a page': eachLine((line) =>
    line.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;'),
  ),
};

const cases = await loadCases(join(import.meta.dirname, '../data/fabric-cases'));

for (const [name, disguise] of Object.entries(DISGUISES)) {
  test(name, async (t) => {
    const changed = cases.filter(
      (item) => JSON.stringify(reading(item, disguise)) !== JSON.stringify(reading(item, (text) => text)),
    );
    t.strictSame(
      changed.map((item) => item.expected.id),
      [],
    );
  });
}

/** Everything but the wording of lines. */
function reading({ manifest, texts }: LoadedCase, disguise: (text: string) => string): unknown {
  const disguised = new Map([...texts].map(([path, text]) => [path, disguise(text)]));
  const answer = explanationJson(
    explainDump(readManifestDump(manifest, disguised), POLICY),
  ) as unknown as Answer;
  return {
    files: answer.files,
    nodes: Object.values(answer.nodes).map(({ hca, topo_nics, socket_ifname, gid_index, gid_env, env }) => [
      hca,
      topo_nics,
      socket_ifname,
      gid_index,
      gid_env,
      env,
    ]),
    logs: answer.nccl.map((log) => ({ ...log, errors: log.errors.map(({ category }) => category) })),
    rejected: answer.rejected_env.map(({ var: name, value }) => [name, value]),
    diagnoses: answer.diagnosis.map(({ category }) => category),
  };
}
