/** A hub's own client on this node: where it is, what the hub lists, and one run of its download. */
import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { Dsr1Error } from '@dsr1/shared/errors';
import { Nullable } from '@dsr1/shared/facts/nullable';
import { decode } from '@dsr1/shared/schema';
import {
  downloadArguments,
  type HubRequest,
  hubEnvironment,
  listingProgram,
} from '@dsr1/shared/weights/hub-command';
import type { HubKind } from '@dsr1/shared/weights/model';
import { type Static, Type } from 'typebox';
import { lineSplitter } from '../workload/log/lines.ts';
import { HubFile } from './records.ts';

export interface HubClient {
  readonly program: string;
  /** Interpreter of the same environment. */
  readonly python: string;
}

const Listing = Type.Object({ revision: Nullable(Type.String()), files: Type.Array(HubFile) });
export type Listing = Static<typeof Listing>;

/** @throws RUNTIME_MISSING when no folder holds the client and its python */
export async function findClient(hub: HubKind, folders: readonly string[]): Promise<HubClient> {
  for (const folder of folders) {
    const program = join(folder, hub);
    for (const python of [join(folder, 'python'), join(folder, 'python3')]) {
      if ((await isProgram(program)) && (await isProgram(python))) return { program, python };
    }
  }
  throw new Dsr1Error(
    'RUNTIME_MISSING',
    `this node has no \`${hub}\` in ${folders.join(', ') || 'any folder'}`,
    {
      hint: `pip install -U ${hub === 'hf' ? 'huggingface_hub' : 'modelscope'} in a Python environment of the node (engine environments are searched)`,
    },
  );
}

/** Names, sizes and hashes of a revision. @throws what the hub refused, in its client's words */
export async function listFiles(
  client: HubClient,
  request: HubRequest,
  signal: AbortSignal,
): Promise<Listing> {
  const { hub, repo, revision } = request.source;
  const argv = [client.python, '-c', listingProgram(hub), repo, revision];
  const { status, out, said } = await runClient(argv, request, signal);
  if (status !== 0) throw refused(request, said);
  // Clients greet on the same stream: the answer is the last line.
  const answer = out.findLast((line) => line.startsWith('{')) ?? 'null';
  return decode(Listing, JSON.parse(answer), { what: `listing of ${repo}`, code: 'CHECK_FAILED' });
}

/** One run of the client; null when it fetched everything, else why not. */
export async function download(
  client: HubClient,
  request: HubRequest,
  signal: AbortSignal,
): Promise<Dsr1Error | null> {
  const { status, said } = await runClient([client.program, ...downloadArguments(request)], request, signal);
  return status === 0 ? null : refused(request, said);
}

interface Run {
  readonly status: number | null;
  /** Last lines of standard output; of standard error. */
  readonly out: readonly string[];
  readonly said: readonly string[];
}

/** The client's environment is its own: what the agent hands on leads to the hub, nothing else. */
const HANDED_ON =
  /^(PATH|LANG|SSL_CERT_FILE|SSL_CERT_DIR|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|(HTTPS?|ALL|NO)_PROXY)$/i;
const KEPT_LINES = 40;
/** A listing of 10,000 files in one line. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;

async function runClient(
  [program = '', ...args]: readonly string[],
  request: HubRequest,
  signal: AbortSignal,
): Promise<Run> {
  signal.throwIfAborted();
  const inherited = Object.entries(process.env).filter(([name]) => HANDED_ON.test(name));
  const child = spawn(program, args, {
    env: { ...Object.fromEntries(inherited), HOME: request.home, ...hubEnvironment(request) },
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kept = { out: [] as string[], said: [] as string[] };
  for (const [stream, lines] of [
    [child.stdout, kept.out],
    [child.stderr, kept.said],
  ] as const) {
    const splitter = lineSplitter(MAX_LINE_BYTES);
    stream.on('data', (chunk: Buffer) => {
      lines.push(...splitter.push(chunk).map(({ text }) => text));
      lines.splice(0, lines.length - KEPT_LINES);
    });
  }
  const end = (): void => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGTERM');
  };
  signal.addEventListener('abort', end, { once: true });
  try {
    const status = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    signal.throwIfAborted();
    return { status, ...kept };
  } finally {
    signal.removeEventListener('abort', end);
  }
}

/** Sentences of the clients → what to do. The words of diagnose/categories.ts. */
function refused({ source: { repo, revision } }: HubRequest, said: readonly string[]): Dsr1Error {
  const last =
    said.findLast((line) => /^\S*(Error|Exception)\b|^Error|^✗/.test(line)) ?? said.at(-1) ?? 'no words';
  const all = said.join('\n');
  const what = `${repo}${revision === '' ? '' : ` at ${revision}`}`;
  if (/401|403|Unauthorized|Forbidden|GatedRepo|RepositoryNotFound|RevisionNotFound|404/.test(all)) {
    return new Dsr1Error('CHECK_FAILED', `hub-auth: the hub refuses ${what}: ${last}`, {
      hint: 'check name and revision; for a gated model accept its licence and give --token-file',
    });
  }
  return new Dsr1Error('CHECK_FAILED', `hub-unreachable: ${what} was not fetched: ${last}`, {
    hint: 'pull again to go on where it ended; behind a proxy set HTTPS_PROXY for dsr1-agent, for a mirror give --endpoint',
  });
}

const isProgram = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
