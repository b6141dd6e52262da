/** What is being done to models on this node: at most one job a model folder, remembered until the next one. */
import { toDsr1Error } from '@dsr1/shared/errors';
import type { Logger } from '@dsr1/shared/logger';
import type { ModelJob } from '@dsr1/shared/weights/model';

export interface JobControl {
  readonly signal: AbortSignal;
  at(doneBytes: number, totalBytes: number | null, detail: string): void;
}

export interface Jobs {
  of(path: string): ModelJob | null;
  isRunning(path: string): boolean;
  /** Begins and returns at once, unless one runs already; `work` resolves with the words for a job well done. */
  start(path: string, kind: ModelJob['kind'], work: (control: JobControl) => Promise<string>): void;
  /** Ends the job of a folder, if any, and forgets it. */
  end(path: string): Promise<void>;
  endAll(): Promise<void>;
}

interface Running {
  job: ModelJob;
  readonly abort: AbortController;
  over: Promise<void>;
}

export function createJobs(wallMs: () => number, log: Logger): Jobs {
  const jobs = new Map<string, Running>();
  const end = async (path: string): Promise<void> => {
    const running = jobs.get(path);
    running?.abort.abort(new Error('ended by an operator'));
    await running?.over;
    jobs.delete(path);
  };
  return {
    of: (path) => jobs.get(path)?.job ?? null,
    isRunning: (path) => jobs.get(path)?.job.state === 'running',
    start(path, kind, work) {
      if (jobs.get(path)?.job.state === 'running') return;
      const abort = new AbortController();
      const startedAtMs = Math.round(wallMs());
      const running: Running = {
        job: { kind, state: 'running', doneBytes: 0, totalBytes: null, startedAtMs, detail: 'beginning' },
        abort,
        over: Promise.resolve(),
      };
      const at = (doneBytes: number, totalBytes: number | null, detail: string): void => {
        if (running.job.state === 'running') running.job = { ...running.job, doneBytes, totalBytes, detail };
      };
      running.over = work({ signal: abort.signal, at }).then(
        (detail) => {
          running.job = { ...running.job, state: 'done', detail };
        },
        (thrown: unknown) => {
          const { message, hint } = toDsr1Error(thrown);
          log.warn({ path, kind, err: thrown }, 'model job failed');
          running.job = {
            ...running.job,
            state: 'failed',
            detail: hint === null ? message : `${message} (${hint})`,
          };
        },
      );
      jobs.set(path, running);
    },
    end,
    endAll: async () => void (await Promise.all([...jobs.keys()].map(end))),
  };
}
