/** Tells progress as it happens: redrawn in place on a terminal, one line per change elsewhere. */
import type { CtlIo, Output } from '../io.ts';
import { createLiveBlock } from '../output/live-block.ts';
import { createStyle } from '../output/style.ts';
import type { Observation } from './observation.ts';
import { changeLines, progressBlock } from './progress-view.ts';

export type Reporter = (seen: Observation) => void;

export function createReporter(io: CtlIo, output: Output): Reporter {
  const style = createStyle(output, io.env);
  if (output.isTTY) {
    const block = createLiveBlock(output);
    return (seen) => block.draw(progressBlock(seen, style));
  }
  const startedMs = io.clock.monotonicMs();
  let previous: Observation | null = null;
  return (seen) => {
    const seconds = ((seen.atMs - startedMs) / 1000).toFixed(1).padStart(6);
    for (const line of changeLines(previous, seen)) output.write(`${seconds} s  ${line}\n`);
    previous = seen;
  };
}
