/** Writes the docs that are made of code: docs/errors.md, docs/config.md and docs/diagnosis.md. `--check` only says which are not current. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AgentConfig } from '../packages/agent/src/config/config.ts';
import { CoordinatorConfig } from '../packages/coordinator/src/config.ts';
import { envNameOf, flagNameOf } from '../packages/shared/src/config.ts';
import { ERROR_TABLE } from '../packages/shared/src/error-table.ts';
import { EVENT_KINDS } from '../packages/shared/src/http-api/event-kinds.ts';
import { diagnosisDoc } from './diagnosis-doc.ts';

const root = join(import.meta.dirname, '..');
const check = process.argv.includes('--check');
const docs = {
  'docs/errors.md': errorsDoc(),
  'docs/config.md': configDoc(),
  'docs/diagnosis.md': diagnosisDoc(),
  'docs/vocabulary.md': vocabularyDoc(),
};
const stale = Object.entries(docs).filter(([path, text]) => {
  const file = join(root, path);
  const current = existsSync(file) && readFileSync(file, 'utf8') === text;
  if (!current && !check) writeFileSync(file, text);
  return !current;
});
for (const [path] of stale)
  process.stdout.write(`${path} ${check ? 'is not current: run scripts/gen-docs.ts' : 'written'}\n`);
if (check && stale.length > 0) process.exitCode = 1;

/** What people wrote, then the table of events. */
function vocabularyDoc(): string {
  const written = readFileSync(join(root, 'docs/vocabulary.md'), 'utf8').split('\n## Events\n')[0] ?? '';
  const rows = Object.entries(EVENT_KINDS).map(([kind, when]) => `| \`${kind}\` | ${when} |`);
  return `${written.trimEnd()}

## Events

<!-- Made by scripts/gen-docs.ts from packages/shared/src/http-api/event-kinds.ts. -->

What \`dsr1ctl events\` and \`GET /api/v1/events\` tell, by kind:

| kind | when |
|---|---|
${rows.join('\n')}
`;
}

function errorsDoc(): string {
  const rows = Object.entries(ERROR_TABLE).map(
    ([code, { http, grpc, exit, when }]) => `| ${code} | ${http} | ${grpc} | ${exit} | ${when} |`,
  );
  return `# Errors

<!-- Made by scripts/gen-docs.ts from packages/shared/src/error-table.ts. -->

Every failure has one code, the same in HTTP answers (\`error.code\`), gRPC statuses, events and \`dsr1ctl\`. The message says what was expected and what was found, the hint what to do next. \`dsr1ctl\` ends with the exit code of the table, 0 when all went well, and 130 after Ctrl-C.

| code | HTTP | gRPC | exit | when |
|---|---|---|---|---|
${rows.join('\n')}
`;
}

interface Property {
  readonly description?: string;
  readonly default?: unknown;
}

function configDoc(): string {
  return `# Configuration

<!-- Made by scripts/gen-docs.ts from the schemas of the daemons. -->

Later layers win: defaults, file (YAML), environment, flags. A key that does not exist is refused by name, in every layer. Lists are separated by commas in the environment and in flags. \`--print-config\` prints the settings in force and where each comes from.

## dsr1-coordinator

File \`/etc/dsr1/coordinator.yaml\` (or \`--config FILE\`).

${table('DSR1_COORDINATOR_', CoordinatorConfig.properties)}

## dsr1-agent

File \`/etc/dsr1/agent.yaml\` (or \`--config FILE\`).

${table('DSR1_AGENT_', AgentConfig.properties)}
`;
}

function table(prefix: string, properties: object): string {
  const rows = Object.entries<Property>({ ...properties }).map(
    ([key, { description = '', default: value }]) =>
      `| \`${key}\` | \`${flagNameOf(key)}\` | \`${prefix}${envNameOf(key)}\` | \`${JSON.stringify(value)}\` | ${description} |`,
  );
  return ['| key | flag | variable | default | meaning |', '|---|---|---|---|---|', ...rows].join('\n');
}
