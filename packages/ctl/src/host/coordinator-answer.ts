/** Waits for the coordinator of this host: its first start makes the CA and the admin key, then it answers. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Dsr1Error, toDsr1Error } from '@dsr1/shared/errors';
import type { VersionInfo } from '@dsr1/shared/http-api/resources';
import { createApi } from '../client/api.ts';
import type { Target } from '../context/select-context.ts';
import type { CtlIo } from '../io.ts';
import { pause } from '../pause.ts';
import { hostText } from '../text/host.ts';

export interface CoordinatorAnswer {
  readonly info: VersionInfo;
  readonly target: Target;
  readonly caPem: string;
  readonly apiKey: string;
}

const POLL_MS = 200;

/** @throws TIMEOUT with the last reason */
export async function waitForCoordinator(
  io: CtlIo,
  stateDir: string,
  server: string,
  timeoutMs: number,
): Promise<CoordinatorAnswer> {
  const until = io.clock.monotonicMs() + timeoutMs;
  for (;;) {
    const answer = await askCoordinator(io, stateDir, server);
    if (typeof answer !== 'string') return answer;
    if (io.clock.monotonicMs() > until) {
      throw new Dsr1Error('TIMEOUT', hostText.init.silent(timeoutMs / 1000, answer), {
        hint: hostText.init.silentHint,
      });
    }
    await pause(POLL_MS, io.interrupted);
  }
}

/** The answer, or why there is none yet. */
export async function askCoordinator(
  io: CtlIo,
  stateDir: string,
  server: string,
): Promise<CoordinatorAnswer | string> {
  const [caPath, keyPath] = [join(stateDir, 'ca.crt'), join(stateDir, 'admin.key')];
  for (const path of [caPath, keyPath]) if (!existsSync(path)) return hostText.init.noFileYet(path);
  const [caPem, apiKey] = [readFileSync(caPath, 'utf8'), readFileSync(keyPath, 'utf8').trim()];
  const target: Target = { contextName: '', server: new URL(server), caPem, apiKey };
  try {
    return { info: await createApi(target, io).version(), target, caPem, apiKey };
  } catch (thrown) {
    const { code, message } = toDsr1Error(thrown);
    if (code === 'COORDINATOR_UNREACHABLE' || code === 'TIMEOUT') return message;
    throw thrown;
  }
}
