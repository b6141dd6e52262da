/** The one place that shows an error: what was expected and found, then the next step. */
import type { Dsr1Error } from '@dsr1/shared/errors';
import type { Rejection } from '@dsr1/shared/plan/model';
import { renderRejections } from '@dsr1/shared/plan/render';
import type { CtlIo } from '../io.ts';
import { generalText } from '../text/general.ts';
import { createStyle } from './style.ts';

/** To stderr; with `json` as the ErrorBody of the HTTP API. `DSR1_DEBUG=1` adds the stack. */
export function reportError(error: Dsr1Error, io: CtlIo, json: boolean): void {
  if (json) {
    io.stderr.write(`${JSON.stringify(error.toBody(), null, 2)}\n`);
  } else {
    const style = createStyle(io.stderr, io.env);
    io.stderr.write(
      `${style.red(generalText.errorLabel)} ${error.message} ${style.dim(`[${error.code}]`)}\n`,
    );
    for (const line of detailLines(error.details)) io.stderr.write(`  ${line}\n`);
    const hint = error.code === 'INTERNAL' ? generalText.reportDefect : error.hint;
    if (hint) io.stderr.write(`${style.bold(generalText.nextLabel)} ${hint}\n`);
  }
  if (io.env.DSR1_DEBUG) io.stderr.write(`${stackOf(error)}\n`);
}

/** Refusals (`details.rejections`) are for people too; other details are for machines. */
function detailLines({ rejections }: Readonly<Record<string, unknown>>): string[] {
  return Array.isArray(rejections) ? renderRejections(rejections.filter(isRejection)) : [];
}

/** As far as showing it needs: details of a coordinator's error have no schema. */
const isRejection = (value: Partial<Rejection> | null): value is Rejection =>
  typeof value?.because === 'string' && typeof value.fix === 'string' && value.node !== undefined;

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\n${generalText.causedBy} ${stackOf(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
