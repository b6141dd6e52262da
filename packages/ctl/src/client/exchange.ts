/** Request and answer in the API's own terms: JSON by schema, streams of text, and the coordinator's own errors. */
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { Dsr1Error, ErrorBody, isErrorCode } from '@dsr1/shared/errors';
import { decode } from '@dsr1/shared/schema';
import type { Static, TSchema } from 'typebox';
import { Value } from 'typebox/value';
import type { Target } from '../context/select-context.ts';
import type { CtlIo } from '../io.ts';
import { contextText } from '../text/context.ts';
import { connectionError, type HttpRequest, sendRequest } from './transport.ts';

const PREFIX = '/api/v1';
const TIMEOUT_MS = 15_000;

export function createExchange(target: Target, io: CtlIo) {
  const send = async (
    method: HttpRequest['method'],
    path: string,
    accept: string,
    body?: unknown,
    timeoutMs = TIMEOUT_MS,
  ) => {
    const answer = await sendRequest(target, {
      method,
      path: PREFIX + path,
      accept,
      ...(body === undefined ? {} : { body }),
      timeoutMs,
      signal: io.interrupted,
    });
    if ((answer.statusCode ?? 0) >= 400) throw await errorOf(answer, `${method} ${path}`);
    return answer;
  };
  const json = async <T extends TSchema>(
    method: HttpRequest['method'],
    path: string,
    schema: T,
    body?: unknown,
    timeoutMs?: number,
  ) =>
    decodeAnswer(
      schema,
      await text(await send(method, path, 'application/json', body, timeoutMs)),
      `${method} ${path}`,
    );
  return {
    get: <T extends TSchema>(path: string, schema: T) => json('GET', path, schema),
    post: <T extends TSchema>(path: string, schema: T, body?: unknown, timeoutMs?: number) =>
      json('POST', path, schema, body, timeoutMs),
    del: <T extends TSchema>(path: string, schema: T) => json('DELETE', path, schema),
    /** Text as it comes, until the coordinator ends it. */
    stream: async function* (path: string, accept: string): AsyncGenerator<string> {
      const answer = await send('GET', path, accept);
      answer.setEncoding('utf8');
      try {
        for await (const chunk of answer) yield String(chunk);
      } catch (cause) {
        throw connectionError(target.server.origin, cause as NodeJS.ErrnoException);
      }
    },
  };
}

/** @throws VERSION_SKEW when the answer does not fit the schema */
export function decodeAnswer<T extends TSchema>(schema: T, content: string, what: string): Static<T> {
  return decode(schema, parseJson(content), {
    what: contextText.unexpected(what),
    code: 'VERSION_SKEW',
    hint: contextText.unexpectedHint,
  });
}

async function errorOf(answer: IncomingMessage, what: string): Promise<Dsr1Error> {
  const body = parseJson(await text(answer));
  if (!Value.Check(ErrorBody, body) || !isErrorCode(body.error.code)) {
    return new Dsr1Error('INTERNAL', contextText.noErrorBody(what, answer.statusCode ?? 0));
  }
  const { code, message, hint, details } = body.error;
  return new Dsr1Error(code, message, { details, ...(hint === null ? {} : { hint }) });
}

function parseJson(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}
