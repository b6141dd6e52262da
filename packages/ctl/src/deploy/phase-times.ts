/** How long phases took, in words. Pure. */
import { PHASES } from '@dsr1/shared/engines/phases';
import type { RankStatus } from '@dsr1/shared/http-api/resources';
import { duration } from '../output/ago.ts';

/** `starting 7 s, rendezvous 14 s`: every phase that is over. */
export function phasesTook({ phaseSeconds }: Pick<RankStatus, 'phaseSeconds'>): string {
  const entered = PHASES.flatMap((phase) => {
    const at = phase === 'starting' ? 0 : phaseSeconds[phase];
    return at === undefined ? [] : [{ phase, at }];
  });
  return entered
    .slice(0, -1)
    .map(({ phase, at }, i) => `${phase} ${duration(1000 * ((entered[i + 1]?.at ?? at) - at))}`)
    .join(', ');
}
