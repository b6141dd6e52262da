/** The models of this node: fetched, looked at, read, removed. Nothing here decides which node needs which. */
import { readdirSync, rmSync } from 'node:fs';
import { mkdir, readdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join, normalize } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '@dsr1/shared/clock';
import { Dsr1Error } from '@dsr1/shared/errors';
import { sha256Hex } from '@dsr1/shared/hash';
import type { Logger } from '@dsr1/shared/logger';
import type { ModelHashes, ModelInspection, ModelSource, ModelStatus } from '@dsr1/shared/weights/model';
import type { Expectations } from '@dsr1/shared/weights/plan-model';
import { hashRange } from './hash-file.ts';
import { readHubHashes } from './hub-hashes.ts';
import { inspectModel } from './inspect.ts';
import { createJobs } from './jobs.ts';
import { pull } from './pull.ts';
import { type ModelRecord, modelRecords, newRecord } from './records.ts';
import { verify } from './verify.ts';

export interface ModelsDeps {
  readonly stateDir: string;
  readonly agentCommand: readonly string[];
  /** Folders in which the hubs' clients may be. */
  readonly clientFolders: () => Promise<readonly string[]>;
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly log: Logger;
}

export interface PullRequest {
  readonly path: string;
  readonly source: ModelSource;
  readonly endpoint: string | null;
  readonly token: string | null;
}

export interface FileRange {
  readonly path: string;
  readonly file: string;
  readonly fromByte: number;
  readonly toByte: number;
  readonly blockBytes: number;
}

export type Models = ReturnType<typeof createModels>;

/** @throws DISK_FULL when the state folder cannot be made */
export function createModels(deps: ModelsDeps) {
  const { clock, log } = deps;
  const folder = join(deps.stateDir, 'models');
  const records = modelRecords(folder);
  removeTokens(folder);
  const jobs = createJobs(() => clock.wallMs(), log);
  const known = (path: string): ModelRecord => records.get(path) ?? newRecord(path);
  const change = (path: string, news: Partial<ModelRecord>): void => records.put({ ...known(path), ...news });
  const status = (path: string): ModelStatus => statusOf(known(path), jobs.of(path));

  /** Remembers what it sees of models that were pulled or verified here; others leave no trace. */
  const inspect = async (path: string, expects?: Expectations): Promise<ModelInspection> => {
    const record = records.get(path);
    const inspection = await inspectModel(path, await hubHashesOf(path, record), expects);
    const { files, bytes, fingerprint, problems } = inspection;
    if (record !== null) change(path, { files: files.length, bytes, fingerprint, problems: [...problems] });
    return inspection;
  };

  return {
    inspect,
    status,
    list: (): readonly ModelStatus[] => records.all().map(({ path }) => status(path)),
    hashes: (path: string): ModelHashes => known(path).hashes,
    range: ({ path, file, ...range }: FileRange) => hashRange(join(path, file), range),
    /** @throws ALREADY_EXISTS, NODE_BUSY; everything later is told by the job */
    async pull({ path, source, endpoint, token }: PullRequest): Promise<ModelStatus> {
      checkPath(path);
      refuseOther(path, jobs.isRunning(path), records.get(path), source);
      if (jobs.isRunning(path)) return status(path);
      await refuseForeign(path, records.get(path));
      change(path, { source, fingerprint: null, problems: [], contentProblems: [], verifiedAtMs: null });
      jobs.start(path, 'pull', async ({ signal, at }) => {
        const tokenFile = join(folder, `${sha256Hex(path).slice(0, 16)}.token`);
        if (token !== null) await writeFile(tokenFile, token, { mode: 0o600 });
        try {
          const request = {
            source,
            path,
            endpoint,
            home: join(folder, 'hub-home'),
            token: token === null ? null : { file: tokenFile, value: token },
          };
          const pinned = ({ revision, files }: { revision: string | null; files: ModelRecord['hubFiles'] }) =>
            change(path, { source: { ...source, revision: revision ?? source.revision }, hubFiles: files });
          await mkdir(path, { recursive: true });
          const clientFolders = await deps.clientFolders();
          const pause = (ms: number) => sleep(ms, undefined, { signal });
          await pull(request, { pinned, at }, { clientFolders, freeBytes, pause }, signal);
        } finally {
          await rm(tokenFile, { force: true });
        }
        const { problems } = await inspect(path);
        return problems.length === 0 ? 'complete' : `fetched, with ${problems.length} problems`;
      });
      return status(path);
    },
    /** Begins to read everything. @throws NODE_BUSY while it is being fetched */
    async verify(path: string): Promise<ModelStatus> {
      checkPath(path);
      const running = jobs.of(path);
      if (running?.state === 'running') {
        if (running.kind === 'verify') return status(path);
        throw new Dsr1Error('NODE_BUSY', `${path} is being fetched`, { hint: 'verify it when that is done' });
      }
      if (records.get(path) === null) records.put(newRecord(path));
      const { files, bytes: total } = await inspect(path);
      jobs.start(path, 'verify', async ({ signal, at }) => {
        let done = 0;
        const onRead = (bytes: number): void => {
          done = Math.min(total, done + bytes);
          at(done, total, 'reading');
        };
        const first = known(path).firstHashes;
        const found = await verify(path, files, first, { agentCommand: deps.agentCommand, onRead, signal });
        const { hashes, firstHashes, problems } = found;
        at(total, total, 'read');
        const verifiedAtMs = Math.round(clock.wallMs());
        change(path, { hashes, firstHashes, contentProblems: [...problems], verifiedAtMs });
        return problems.length === 0 ? 'every byte was read' : `${problems.length} files are wrong`;
      });
      return status(path);
    },
    /** Ends what is being done to it; removes the files only if dsr1 fetched them. */
    async remove(path: string): Promise<ModelStatus> {
      checkPath(path);
      const record = records.get(path);
      if (record === null) {
        throw new Dsr1Error('NOT_FOUND', `this node knows no model in ${path}`, {
          hint: 'see `dsr1ctl model ls`',
        });
      }
      await jobs.end(path);
      if (record.source !== null) await rm(path, { recursive: true, force: true });
      records.remove(path);
      return statusOf({ ...record, files: 0, bytes: 0 }, null);
    },
    close: () => jobs.endAll(),
  };
}

/** An agent that was killed during a pull could not take its token away. */
function removeTokens(folder: string): void {
  for (const name of readdirSync(folder).filter((one) => one.endsWith('.token'))) rmSync(join(folder, name));
}

async function hubHashesOf(path: string, record: ModelRecord | null): Promise<ReadonlyMap<string, string>> {
  const listed =
    record?.hubFiles.flatMap(({ name, hash }) => (hash === null ? [] : [[name, hash] as const])) ?? [];
  if (listed.length > 0) return new Map(listed);
  return readHubHashes(path, await readdir(path).catch(() => []));
}

async function freeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}

function statusOf(record: ModelRecord, job: ModelStatus['job']): ModelStatus {
  const { path, source, files, bytes, fingerprint, verifiedAtMs } = record;
  const problems = [...record.problems, ...record.contentProblems];
  return { path, source, files, bytes, fingerprint, problems, verifiedAtMs, job };
}

/** A folder of its own: never `/` or a folder directly below it. */
function checkPath(path: string): void {
  if (path.startsWith('/') && normalize(path) === path && /^\/[^/]+\/.*[^/]$/.test(path)) return;
  throw new Dsr1Error(
    'INVALID_ARGUMENT',
    `${path} is no absolute path of a model folder (like /models/DeepSeek-R1)`,
  );
}

function refuseOther(
  path: string,
  running: boolean,
  record: ModelRecord | null,
  { hub, repo }: ModelSource,
): void {
  const had = record?.source ?? null;
  if (had === null || (had.hub === hub && had.repo === repo)) return;
  throw new Dsr1Error(running ? 'NODE_BUSY' : 'ALREADY_EXISTS', `${path} holds ${had.repo} of ${had.hub}`, {
    hint: `pull to another folder, or remove it first: dsr1ctl model rm ${path}`,
  });
}

async function refuseForeign(path: string, record: ModelRecord | null): Promise<void> {
  if (record?.source != null) return;
  const names = await readdir(path).catch(() => []);
  if (names.length === 0) return;
  throw new Dsr1Error(
    'ALREADY_EXISTS',
    `${path} holds files that dsr1 did not fetch (${names[0]} and others)`,
    {
      hint: `use them as they are (dsr1ctl model verify ${path}), or pull to another folder`,
    },
  );
}
