/** Which coordinators this person knows, as kubectl keeps its clusters: `~/.config/dsr1/contexts.yaml`, mode 0600. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { makePrivateFolder, writeDurably } from '@dsr1/shared/durable-file';
import { Dsr1Error } from '@dsr1/shared/errors';
import { decode } from '@dsr1/shared/schema';
import { type Static, Type } from 'typebox';
import { parse, stringify } from 'yaml';
import type { CtlIo } from '../io.ts';
import { contextText } from '../text/context.ts';

export const Context = Type.Object(
  {
    /** `https://HOST:PORT`; `http:` only for loopback addresses. */
    server: Type.String({ pattern: '^https?://[^/]+$' }),
    /** PEM of the cluster's CA, the only root that is trusted for this server. */
    ca: Type.Optional(Type.String()),
    /** The API key itself, or a file that holds it. */
    key: Type.Optional(Type.String({ minLength: 1 })),
    keyFile: Type.Optional(Type.String({ minLength: 1 })),
  },
  { additionalProperties: false },
);
export type Context = Static<typeof Context>;

const ContextsFile = Type.Object(
  { current: Type.Optional(Type.String()), contexts: Type.Record(Type.String(), Context) },
  { additionalProperties: false },
);
export type ContextsFile = Static<typeof ContextsFile>;

export function contextsPath(env: CtlIo['env']): string {
  return join(env.XDG_CONFIG_HOME || join(env.HOME || homedir(), '.config'), 'dsr1', 'contexts.yaml');
}

/** Empty when there is no file. @throws CONFIG_INVALID when others may read it, or when it does not fit the schema */
export function readContexts(path: string): ContextsFile {
  if (!existsSync(path)) return { contexts: {} };
  const mode = statSync(path).mode & 0o777;
  if ((mode & 0o077) !== 0) {
    throw new Dsr1Error('CONFIG_INVALID', contextText.tooOpen(path, mode), { hint: `chmod 600 ${path}` });
  }
  return decode(ContextsFile, parseYaml(path), {
    what: path,
    code: 'CONFIG_INVALID',
    hint: contextText.invalidHint,
  });
}

export function writeContexts(path: string, file: ContextsFile): void {
  makePrivateFolder(dirname(path));
  writeDurably(path, stringify(file));
}

/** Adds or replaces one context and makes it the current one. */
export function saveContext(path: string, name: string, context: Context): void {
  const { contexts } = readContexts(path);
  writeContexts(path, { current: name, contexts: { ...contexts, [name]: context } });
}

function parseYaml(path: string): unknown {
  try {
    return parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new Dsr1Error('CONFIG_INVALID', contextText.invalid(path, (cause as Error).message), {
      cause,
      hint: contextText.invalidHint,
    });
  }
}
