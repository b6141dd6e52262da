import { homedir } from 'node:os';
import { dirname } from 'node:path';

/**
 * What a program on a host may count on beside its plan: tools to compile kernels with (its own virtualenv's first, as if
 * that were activated: ninja lives there; then nvcc, gcc, ld), a home for caches, and UTF-8. Nothing else of the agent's environment reaches a rank, but the place of the GPU driver's libraries where
 * the operator had to name it for the agent.
 *
 * @param program absolute path of what is started
 */
export function baseEnvironment(program: string): Readonly<Record<string, string>> {
  const libraries = process.env.LD_LIBRARY_PATH;
  return {
    PATH: `${dirname(program)}:/usr/local/cuda/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    HOME: homedir(),
    LANG: 'C.UTF-8',
    ...(libraries === undefined ? {} : { LD_LIBRARY_PATH: libraries }),
  };
}
