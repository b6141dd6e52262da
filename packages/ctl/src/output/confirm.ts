/** Asks a person yes or no. */
import { createInterface } from 'node:readline/promises';
import { Dsr1Error } from '@dsr1/shared/errors';
import type { CtlIo } from '../io.ts';
import { generalText } from '../text/general.ts';

/** Empty or anything but y/yes is a no. @throws INVALID_ARGUMENT when nobody can answer (standard input is no terminal) */
export async function confirm(io: CtlIo, question: string): Promise<boolean> {
  if (!io.stdin.isTTY) {
    throw new Dsr1Error('INVALID_ARGUMENT', generalText.cannotAsk, { hint: generalText.cannotAskHint });
  }
  const lines = createInterface({ input: io.stdin, terminal: false });
  try {
    io.stderr.write(`${question} [y/N] `);
    return /^y(es)?$/i.test((await lines.question('', { signal: io.interrupted })).trim());
  } finally {
    lines.close();
  }
}
