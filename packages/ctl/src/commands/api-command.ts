/** What every command that talks to a coordinator shares. */
import { Command } from 'commander';
import { type Api, createApi } from '../client/api.ts';
import { selectContext } from '../context/select-context.ts';
import type { CtlIo } from '../io.ts';
import { generalText } from '../text/general.ts';

export interface ApiOptions {
  readonly json?: true;
  readonly context?: string;
}

export function apiCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .option('--json', generalText.jsonFlag)
    .option('--context <name>', generalText.contextFlag);
}

/** @throws CONFIG_INVALID when no coordinator is configured */
export function openApi(io: CtlIo, options: ApiOptions): Api {
  return createApi(selectContext(io, options.context), io);
}

/** `--json`: the value as the API gave it; otherwise the lines for people. */
export function show<T>(
  io: CtlIo,
  options: ApiOptions,
  value: T,
  lines: (value: T) => readonly string[],
): void {
  io.stdout.write(
    options.json
      ? `${JSON.stringify(value, null, 2)}\n`
      : lines(value)
          .map((line) => `${line}\n`)
          .join(''),
  );
}
