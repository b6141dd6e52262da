/** Phase readers made of a list of patterns: the engine's own words, so a wording of a new version is one more line. */
import type { PhaseHint, PhaseReader } from './engine.ts';
import type { Phase } from './phases.ts';

export interface PhasePattern {
  readonly pattern: RegExp;
  readonly phase: Phase;
  /** Short words for people; `$1` is the pattern's first group. */
  readonly detail?: string;
  /** `percent`: the last `NN%` of the line; a number: that much is done. */
  readonly progress?: 'percent' | number;
}

/** Reader that answers with the first pattern that the line holds. A progress bar's `\r` frames count as one line, the last wins. */
export function phaseReader(patterns: readonly PhasePattern[]): PhaseReader {
  return {
    read(line) {
      const frame = line.slice(line.trimEnd().lastIndexOf('\r') + 1);
      for (const candidate of patterns) {
        const match = candidate.pattern.exec(frame);
        if (match !== null) return hint(candidate, match, frame);
      }
      return null;
    },
  };
}

function hint({ phase, detail, progress }: PhasePattern, match: RegExpExecArray, frame: string): PhaseHint {
  const done = progress === 'percent' ? lastPercent(frame) : (progress ?? null);
  return {
    phase,
    ...(done === null ? {} : { progress: done }),
    ...(detail === undefined ? {} : { detail: detail.replace('$1', match[1] ?? '') }),
  };
}

function lastPercent(text: string): number | null {
  const percent = [...text.matchAll(/(\d{1,3})%/g)].at(-1)?.[1];
  return percent === undefined ? null : Math.min(1, Number(percent) / 100);
}
