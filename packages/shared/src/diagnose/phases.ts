/** How far each rank came, as far as its log tells: a rank that is only slow has not failed. */
import type { LogReading } from './log-reader.ts';

/** As a note: one rank has loaded its weights, and the log of another ends while it loads, without an alarm. */
export const STILL_LOADING = 'others-still-load';

export function phaseNotes(readings: readonly LogReading[]): string[] {
  const shares = readings.map((reading) => ({ reading, share: loadedPercent(reading) }));
  const someDone = shares.some(({ share }) => share === 100);
  const someLoads = shares.some(
    ({ reading, share }) => share !== null && share < 100 && reading.hits.every(({ rule }) => rule.quiet),
  );
  return someDone && someLoads ? [STILL_LOADING] : [];
}

/** As the last progress bar of the loader says, null where there is none. */
function loadedPercent({ notes }: LogReading): number | null {
  const last = notes.get('weights-progress')?.at(-1)?.line;
  const found = last === undefined ? null : /(\d+)% Completed/.exec(last);
  return found === null ? null : Number(found[1]);
}
