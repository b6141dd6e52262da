/**
 * This node's part in a check of its gang: it takes connections, dials peers, runs verbs tests, and says what it saw.
 * The coordinator decides what is tested and what it means.
 */
import { Dsr1Error } from '@dsr1/shared/errors';
import { PROBES, type ProbeName, type Probes } from '@dsr1/shared/fabric/check/requests';
import { decode } from '@dsr1/shared/schema';
import type { Static } from 'typebox';
import type { Host } from '../host/host.ts';
import { type AllReduceRun, startAllReduce } from './all-reduce.ts';
import { dial } from './dial.ts';
import { look } from './look.ts';
import { type Served, serve } from './serve.ts';

export interface Checks {
  /** @throws INVALID_ARGUMENT for a probe or arguments that this version does not know */
  answer(probe: string, args: unknown): Promise<unknown>;
  /** Ends the ranks that it started. */
  close(): void;
}

export interface ChecksDeps {
  readonly host: Host;
  readonly wallMs: () => number;
}

/** A coordinator that is gone ends nothing: what it began ends by itself, all-reduces by their own limits. */
const SERVED_LIMIT_MS = 60_000;

export function createChecks({ host, wallMs }: ChecksDeps): Checks {
  const open = new Map<string, { readonly served: Served; readonly timer: NodeJS.Timeout }>();
  const reducing = new Map<string, AllReduceRun>();
  const end = async (id: string) => {
    reducing.get(id)?.end();
    const one = open.get(id);
    if (one === undefined) return { counted: [] };
    open.delete(id);
    clearTimeout(one.timer);
    return { counted: [...(await one.served.end())] };
  };
  const handlers: Readonly<Record<ProbeName, (args: unknown) => Promise<unknown>>> = {
    look: (args) => look(host, wallMs, read('look', args)),
    async serve(args) {
      const request = read('serve', args);
      const served = await serve(host, request);
      open.set(request.id, {
        served,
        timer: setTimeout(() => void end(request.id), SERVED_LIMIT_MS).unref(),
      });
      return served.answer;
    },
    dial: (args) => dial(host, read('dial', args)),
    async allReduce(args) {
      const request = read('allReduce', args);
      const run = startAllReduce(request);
      reducing.set(request.id, run);
      return run.answer.finally(() => reducing.delete(request.id));
    },
    end: (args) => end(read('end', args).id),
  };
  return {
    async answer(probe, args) {
      const name = (Object.keys(PROBES) as ProbeName[]).find((own) => PROBES[own].kind === probe);
      if (name === undefined)
        throw new Dsr1Error('INVALID_ARGUMENT', `this agent knows no probe ${probe}`, {
          hint: 'install the newest dsr1 on the node',
        });
      return handlers[name](args);
    },
    close() {
      for (const run of reducing.values()) run.end();
    },
  };
}

const read = <N extends ProbeName>(name: N, args: unknown): Static<Probes[N]['request']> =>
  decode(PROBES[name].request, args, { what: PROBES[name].kind }) as Static<Probes[N]['request']>;
