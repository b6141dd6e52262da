/** `dsr1ctl context list|use|add|remove`. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { text as readAll } from 'node:stream/consumers';
import { Dsr1Error } from '@dsr1/shared/errors';
import { Command } from 'commander';
import {
  type Context,
  contextsPath,
  readContexts,
  saveContext,
  writeContexts,
} from '../context/contexts-file.ts';
import { readKeyFile, unknownContext } from '../context/select-context.ts';
import { HTTP_PORT, parseHostPort } from '../flags.ts';
import type { CtlIo } from '../io.ts';
import { formatTable } from '../output/table.ts';
import { contextText } from '../text/context.ts';
import { generalText } from '../text/general.ts';
import { show } from './api-command.ts';

interface AddOptions {
  readonly server: string;
  readonly ca?: string;
  readonly caPin?: string;
  readonly keyFile: string;
}

export function contextCommand(io: CtlIo): Command {
  const list = new Command('list')
    .description(contextText.list)
    .option('--json', generalText.jsonFlag)
    .action((options: { json?: true }) => {
      const contexts = listContexts(io);
      show(io, options, contexts, () =>
        contexts.length === 0
          ? [contextText.empty]
          : formatTable([
              [...contextText.header],
              ...contexts.map((each) => [each.current ? '*' : '', each.name, each.server, each.key]),
            ]),
      );
    });
  const use = new Command('use')
    .description(contextText.use)
    .argument('<name>')
    .action((name: string) => {
      const path = contextsPath(io.env);
      const { contexts } = readContexts(path);
      const context = contexts[name];
      if (!context) throw unknownContext(name, Object.keys(contexts));
      writeContexts(path, { current: name, contexts });
      io.stdout.write(`${contextText.now(name, context.server)}\n`);
    });
  const remove = new Command('remove')
    .description(contextText.remove)
    .argument('<name>')
    .action((name: string) => {
      const path = contextsPath(io.env);
      const { current, contexts } = readContexts(path);
      if (!contexts[name]) throw unknownContext(name, Object.keys(contexts));
      const { [name]: _removed, ...others } = contexts;
      writeContexts(path, {
        ...(current === undefined || current === name ? {} : { current }),
        contexts: others,
      });
      io.stdout.write(`${contextText.removed(name)}\n`);
    });
  const command = new Command('context').description(contextText.describe);
  for (const each of [list, use, addCommand(io), remove]) command.addCommand(each);
  return command;
}

function addCommand(io: CtlIo): Command {
  return new Command('add')
    .description(contextText.add)
    .argument('<name>')
    .requiredOption('--server <url>', contextText.serverFlag)
    .option('--ca <file>', contextText.caFlag)
    .option('--ca-pin <sha256>', contextText.pinFlag)
    .requiredOption('--key-file <file>', contextText.keyFileFlag)
    .action(async (name: string, options: AddOptions) => {
      const server = parseServer(options.server);
      const ca = server.protocol === 'https:' ? await trustedCa(server, options) : undefined;
      const key =
        options.keyFile === '-'
          ? (await readAll(io.stdin as NodeJS.ReadStream)).trim()
          : readKeyFile(options.keyFile);
      saveContext(contextsPath(io.env), name, {
        server: server.origin,
        key,
        ...(ca === undefined ? {} : { ca }),
      });
      io.stdout.write(`${contextText.now(name, server.origin)}\n`);
    });
}

/** What `context list --json` prints; keys stay in the file. */
function listContexts(io: CtlIo) {
  const { current, contexts } = readContexts(contextsPath(io.env));
  return Object.entries(contexts).map(([name, { server, keyFile, key }]: [string, Context]) => ({
    name,
    server,
    current: name === current,
    key: keyFile ?? (key ? 'stored' : 'none'),
  }));
}

function parseServer(text: string): URL {
  const [, scheme = 'https:', rest = ''] = /^(?:(https?:)\/\/)?(.*?)\/?$/.exec(text) ?? [];
  const { host, port } = parseHostPort(rest, HTTP_PORT);
  return new URL(`${scheme}//${host.includes(':') ? `[${host}]` : host}:${port}`);
}

async function trustedCa(server: URL, { ca, caPin }: AddOptions): Promise<string> {
  if (ca !== undefined) return readCa(ca);
  if (caPin === undefined) {
    throw new Dsr1Error('INVALID_ARGUMENT', contextText.pinOrCa, { hint: contextText.pinOrCaHint });
  }
  if (!/^[0-9a-f]{64}$/i.test(caPin)) {
    throw new Dsr1Error('INVALID_ARGUMENT', contextText.badPin, { hint: contextText.pinOrCaHint });
  }
  const { fetchAndPinCa } = await import('@dsr1/shared/identity/ca-pin');
  return fetchAndPinCa(server.hostname.replace(/^\[|\]$/g, ''), Number(server.port), [caPin.toLowerCase()]);
}

function readCa(path: string): string {
  try {
    return new X509Certificate(readFileSync(path)).toString();
  } catch (cause) {
    throw new Dsr1Error('CONFIG_INVALID', contextText.caUnreadable(path), {
      cause,
      hint: contextText.pinOrCaHint,
    });
  }
}
