/** The one place that shows an error: what was expected and found, then the next step. */
import type { Dsr1Error } from '@dsr1/shared/errors';
import type { CtlIo } from '../io.ts';
import { generalText } from '../text/general.ts';
import { createStyle } from './style.ts';
import { formatTable } from './table.ts';

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

/** Rejections (`details.rejections`) are worth a table; other details are for machines. */
function detailLines(details: Readonly<Record<string, unknown>>): string[] {
  const { rejections } = details;
  if (!Array.isArray(rejections)) return [];
  return formatTable(
    rejections.map((each) => [each.node ?? generalText.wholeDeployment, each.because, each.fix].map(String)),
  );
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\n${generalText.causedBy} ${stackOf(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
