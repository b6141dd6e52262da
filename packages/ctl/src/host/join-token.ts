/** Where the join token comes from; everything but the command line keeps it out of other people's sight. */
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { Dsr1Error } from '@dsr1/shared/errors';
import type { CtlIo } from '../io.ts';
import { hostText } from '../text/host.ts';

export interface TokenSource {
  readonly token?: string;
  /** `-` is standard input. */
  readonly tokenFile?: string;
}

/**
 * `--token`, `--token-file`, `DSR1_JOIN_TOKEN`, or the systemd credential `dsr1-join-token`, the first that is there;
 * null when there is none. @throws TOKEN_INVALID when the file cannot be read
 */
export async function readTokenText(io: CtlIo, { token, tokenFile }: TokenSource): Promise<string | null> {
  if (token !== undefined) {
    io.stderr.write(`${hostText.join.tokenInArgv}\n`);
    return token;
  }
  if (tokenFile === '-') return readAll(io.stdin as NodeJS.ReadStream);
  if (tokenFile !== undefined) return readFile(resolve(io.cwd, tokenFile));
  if (io.env.DSR1_JOIN_TOKEN) return io.env.DSR1_JOIN_TOKEN;
  const credential = join(io.env.CREDENTIALS_DIRECTORY ?? '/nonexistent', 'dsr1-join-token');
  return existsSync(credential) ? readFile(credential) : null;
}

/** The token has done its work: its file goes, so that nobody finds a token there that has uses left. */
export function forgetToken(io: CtlIo, { token, tokenFile }: TokenSource): void {
  if (token !== undefined || tokenFile === undefined || tokenFile === '-') return;
  const path = resolve(io.cwd, tokenFile);
  try {
    if (!statSync(path).isFile()) return;
    rmSync(path);
    io.stderr.write(`${hostText.join.tokenDeleted(path)}\n`);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    io.stderr.write(`${hostText.join.tokenLeft(path, code)}\n`);
  }
}

function readFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException;
    throw new Dsr1Error('TOKEN_INVALID', hostText.join.tokenUnreadable(path, code), {
      cause,
      hint: hostText.join.tokenHint,
    });
  }
}
