/** The coordinator that a command talks to, with its key at hand. */
import { readFileSync } from 'node:fs';
import { Dsr1Error } from '@dsr1/shared/errors';
import type { CtlIo } from '../io.ts';
import { contextText } from '../text/context.ts';
import { contextsPath, readContexts } from './contexts-file.ts';

export interface Target {
  readonly contextName: string;
  readonly server: URL;
  /** null for plain HTTP on loopback. */
  readonly caPem: string | null;
  readonly apiKey: string;
}

/**
 * `--context` before `DSR1_CONTEXT` before the file's current one; the key of `DSR1_API_KEY_FILE` before the context's.
 * @throws CONFIG_INVALID when none is chosen, the name is unknown, or the key cannot be read
 */
export function selectContext(io: CtlIo, wanted: string | undefined): Target {
  const path = contextsPath(io.env);
  const file = readContexts(path);
  const contextName = wanted ?? io.env.DSR1_CONTEXT ?? file.current;
  if (!contextName)
    throw new Dsr1Error('CONFIG_INVALID', contextText.none(path), { hint: contextText.noneHint });
  const context = file.contexts[contextName];
  if (!context) throw unknownContext(contextName, Object.keys(file.contexts));
  const server = new URL(context.server);
  const keyFile = io.env.DSR1_API_KEY_FILE ?? context.keyFile;
  const apiKey = keyFile ? readKeyFile(keyFile) : context.key;
  if (!apiKey) {
    throw new Dsr1Error('CONFIG_INVALID', contextText.noKey(contextName), { hint: contextText.noKeyHint });
  }
  return { contextName, server, caPem: trustFor(contextName, server, context.ca), apiKey };
}

export function unknownContext(name: string, known: readonly string[]): Dsr1Error {
  return new Dsr1Error('CONFIG_INVALID', contextText.unknown(name, known), { hint: contextText.unknownHint });
}

/** First line of a file that holds an API key. @throws CONFIG_INVALID */
export function readKeyFile(path: string): string {
  try {
    const [key = ''] = readFileSync(path, 'utf8').trim().split('\n');
    if (key !== '') return key;
  } catch (cause) {
    throw new Dsr1Error('CONFIG_INVALID', contextText.keyUnreadable(path), {
      cause,
      hint: contextText.noKeyHint,
    });
  }
  throw new Dsr1Error('CONFIG_INVALID', contextText.keyUnreadable(path), { hint: contextText.noKeyHint });
}

/** A key never travels in the clear: without a CA only loopback is allowed. */
function trustFor(name: string, server: URL, ca: string | undefined): string | null {
  if (server.protocol === 'https:' && ca) return ca;
  const loopback = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(server.hostname);
  if (server.protocol === 'http:' && loopback) return null;
  throw new Dsr1Error('CONFIG_INVALID', contextText.noTrust(name, server.origin), {
    hint: contextText.noTrustHint,
  });
}
