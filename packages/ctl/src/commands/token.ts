/** `dsr1ctl token create|list|revoke`. */
import type { TokenSummary } from '@dsr1/shared/http-api/resources';
import { Command } from 'commander';
import { parseCount, parseDuration } from '../flags.ts';
import type { CtlIo } from '../io.ts';
import { until } from '../output/ago.ts';
import { formatTable } from '../output/table.ts';
import { nodeText } from '../text/node.ts';
import { type ApiOptions, apiCommand, openApi, show } from './api-command.ts';

interface CreateOptions extends ApiOptions {
  readonly ttl?: number;
  readonly maxUses?: number;
  readonly note?: string;
}

export function tokenCommand(io: CtlIo): Command {
  const text = nodeText.token;
  const create = apiCommand('create', text.create)
    .option('--ttl <duration>', text.ttlFlag, parseDuration)
    .option('--max-uses <n>', text.usesFlag, parseCount)
    .option('--note <text>', text.noteFlag)
    .action(async (options: CreateOptions) => {
      const token = await openApi(io, options).createToken({
        ...(options.ttl === undefined ? {} : { ttlSeconds: options.ttl }),
        ...(options.maxUses === undefined ? {} : { maxUses: options.maxUses }),
        ...(options.note === undefined ? {} : { note: options.note }),
      });
      show(io, options, token, () => [
        token.joinLine,
        '',
        text.created(token.maxUses - token.uses, until(token.expiresAt, io.clock.wallMs())),
      ]);
    });
  const list = apiCommand('list', text.list).action(async (options: ApiOptions) => {
    const rows = (tokens: readonly TokenSummary[]) => tokenLines(tokens, io.clock.wallMs());
    show(io, options, await openApi(io, options).tokens(), rows);
  });
  const revoke = apiCommand('revoke', text.revoke)
    .argument('<id>', text.idArgument)
    .action(async (id: string, options: ApiOptions) => {
      show(io, options, await openApi(io, options).revokeToken(id), () => [text.revoked(id)]);
    });
  const command = new Command('token').description(text.describe);
  for (const each of [create, list, revoke]) command.addCommand(each);
  return command;
}

function tokenLines(tokens: readonly TokenSummary[], nowMs: number): string[] {
  if (tokens.length === 0) return [nodeText.token.empty];
  const rows = tokens.map((token) => [
    token.id,
    tokenState(token, nowMs),
    `${token.uses}/${token.maxUses}`,
    token.createdAt,
    token.note,
  ]);
  return formatTable([[...nodeText.token.header], ...rows]);
}

function tokenState(token: TokenSummary, nowMs: number): string {
  const { states } = nodeText.token;
  if (token.revoked) return states.revoked;
  if (token.uses >= token.maxUses) return states.used;
  return Date.parse(token.expiresAt) <= nowMs ? states.expired : states.valid(until(token.expiresAt, nowMs));
}
