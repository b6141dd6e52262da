/**
 * Versions and argument lists of engines, read by running the Python that a rank would run. That costs seconds of CPU,
 * so it is done when somebody asks, once for every state of an environment or image, and kept over restarts.
 */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock } from '@dsr1/shared/clock';
import { readDurably, writeDurably } from '@dsr1/shared/durable-file';
import { toDsr1Error } from '@dsr1/shared/errors';
import { EngineReading, type EngineReadRequest } from '@dsr1/shared/facts/engine-probe';
import { hashOf } from '@dsr1/shared/hash';
import { decode } from '@dsr1/shared/schema';
import { importPaths } from '../facts/probes/import-path.ts';
import type { Host } from '../host/host.ts';
import { dockerApi } from '../workload/runtimes/docker-api.ts';
import { readAnswer } from './read-answer.ts';
import { imageId, runInImage } from './read-image.ts';
import { readArguments } from './read-script.ts';

export interface EngineReaderDeps {
  readonly host: Host;
  readonly clock: Clock;
  /** What was read is kept in a folder of it. */
  readonly stateDir: string;
  readonly dockerSocket: string;
}

export interface EngineReader {
  /** At once: what is known, or that it is being read. Never rejects. */
  read(request: EngineReadRequest): Promise<EngineReading>;
}

const LIMIT_SECONDS = 120;
/** Beyond the program's own limit, for a program that does not obey it. */
const MARGIN_MS = 5_000;
/** What could not be read is tried again after this. */
const RETRY_MS = 60_000;

interface Work {
  readonly startedMs: number;
  answer: EngineReading | null;
  answeredMs: number;
}

export function createEngineReader({ host, clock, stateDir, dockerSocket }: EngineReaderDeps): EngineReader {
  const works = new Map<string, Work>();
  const docker = dockerApi(dockerSocket);
  const fileOf = (hash: string) => join(stateDir, 'engines', `${hash}.json`);

  const begin = (request: EngineReadRequest, hash: string): Work => {
    const work: Work = { startedMs: clock.monotonicMs(), answer: null, answeredMs: 0 };
    const unknown = (thrown: unknown): EngineReading => ({
      state: 'unknown',
      because: toDsr1Error(thrown).message,
    });
    void run(request, hash)
      .catch(unknown)
      .then((answer) => {
        work.answer = answer;
        work.answeredMs = clock.monotonicMs();
        if (isWhole(answer)) keep(fileOf(hash), answer);
      });
    return work;
  };

  const run = async (request: EngineReadRequest, hash: string): Promise<EngineReading> => {
    const argv = [request.python, ...readArguments(request.engine, LIMIT_SECONDS)] as const;
    const limitMs = LIMIT_SECONDS * 1000 + MARGIN_MS;
    if (request.image !== null) {
      const { output, otherwise } = await runInImage(docker, {
        name: `dsr1-read-${hashOf([stateDir, hash])}`,
        image: request.image,
        argv,
        limitMs,
      });
      return readAnswer(request, output, otherwise);
    }
    const answer = await host.run(argv, { timeoutMs: limitMs });
    if (!answer.answered) return readAnswer(request, '', answer.reason);
    const last = answer.stderr.trimEnd().split('\n').at(-1) ?? '';
    return readAnswer(request, answer.stdout, `ended with ${answer.exitCode}: ${last.slice(0, 300)}`);
  };

  const isStale = ({ answer, answeredMs }: Work): boolean =>
    answer !== null && !isWhole(answer) && clock.monotonicMs() - answeredMs > RETRY_MS;

  return {
    async read(request) {
      const state = await stateOf(host, request, () => imageId(docker, request.image ?? ''));
      if ('because' in state) return { state: 'unknown', ...state };
      const before = works.get(state.hash);
      const kept = before === undefined ? keptIn(fileOf(state.hash)) : null;
      if (kept !== null) return kept;
      const work = before === undefined || isStale(before) ? begin(request, state.hash) : before;
      works.set(state.hash, work);
      return (
        work.answer ?? {
          state: 'reading',
          seconds: Math.round((clock.monotonicMs() - work.startedMs) / 1000),
        }
      );
    },
  };
}

/** Changes whenever what a reading would find may have changed: an image's id, what is imported from where, what was installed last. */
async function stateOf(
  host: Host,
  { engine, python, image }: EngineReadRequest,
  idOfImage: () => Promise<string | null>,
): Promise<{ readonly hash: string } | { readonly because: string }> {
  const hashed = (...parts: readonly unknown[]) => ({ hash: hashOf([engine, python, ...parts]) });
  if (image !== null) {
    const id = await idOfImage().catch((thrown: unknown) => toDsr1Error(thrown));
    if (id instanceof Error) return { because: id.message };
    return id === null ? { because: `image ${image} is not on this node yet` } : hashed(id);
  }
  if ((await host.realPath(python)) === null) return { because: `there is no ${python}` };
  const prefix = dirname(dirname(python));
  // The system's own Python also imports what pip installed under /usr/local.
  const prefixes = prefix === '/usr' ? [prefix, '/usr/local'] : [prefix];
  const paths = (await Promise.all(prefixes.map((one) => importPaths(host, one)))).flat();
  const folders = paths.flatMap((path) => path.folders);
  return hashed(folders, await Promise.all(folders.map((folder) => host.modifiedMs(folder))));
}

/** Of an environment that does not change there is nothing more to learn. */
const isWhole = (answer: EngineReading): boolean => answer.state === 'known' && answer.because === null;

function keep(file: string, answer: EngineReading): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeDurably(file, JSON.stringify(answer));
  } catch {
    // The disk is full: it will be read again after the next start.
  }
}

/** null also for what an older version has kept in another form. */
function keptIn(file: string): EngineReading | null {
  try {
    return readDurably(file, (text) => decode(EngineReading, JSON.parse(text), { what: file }));
  } catch {
    return null;
  }
}
