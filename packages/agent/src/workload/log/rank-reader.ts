/** What the growing logs of one rank say, in constant memory: the diagnosis' own reader over each process's log. */
import { createLogReader } from '@dsr1/shared/diagnose/log-reader';
import { type PackedReading, packReading } from '@dsr1/shared/diagnose/packed';
import type { Line } from './lines.ts';
import { maskSecrets } from './mask.ts';

export interface RankReaderOptions {
  readonly rank: number;
  /** The engine is the last. */
  readonly processes: readonly string[];
  readonly apiKey: string;
  /** Monotonic seconds since commit. */
  readonly seconds: () => number;
}

export interface RankReader {
  /** Takes lines of one process; the readings of all when that was news, else null. */
  push(process: string, lines: readonly Line[]): readonly PackedReading[] | null;
}

export function createRankReader({ rank, processes, apiKey, seconds }: RankReaderOptions): RankReader {
  const mask = (text: string): string => maskSecrets(text, [apiKey]);
  const engine = processes.at(-1);
  const readers = new Map(
    processes.map((id) => [id, createLogReader(id === engine ? `rank${rank}` : `rank${rank}-${id}`)]),
  );
  /** What was last told of each process. */
  const told = new Map<string, PackedReading>();
  return {
    push(process, lines) {
      const reader = readers.get(process);
      if (reader === undefined) return null;
      for (const { text, number } of lines) reader.push(text, number);
      const last = told.get(process);
      const now = packReading(reader.reading(), last?.newsSeconds ?? 0, mask);
      if (last === undefined ? saysNothing(now) : JSON.stringify(now) === JSON.stringify(last)) return null;
      told.set(process, { ...now, newsSeconds: seconds() });
      return [...told.values()];
    },
  };
}

const saysNothing = ({ hits, telling, notes, nccl }: PackedReading): boolean =>
  hits.length + telling.length + Object.keys(notes).length + nccl.length === 0;
