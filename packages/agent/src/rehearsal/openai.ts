/**
 * The OpenAI-compatible face of a rehearsal: models, chat completions (streamed or not), health. It says which ranks
 * answered and that it is no model.
 */
import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { HttpDoor } from './options.ts';

export interface GangAnswer {
  readonly answered: readonly { readonly rank: number; readonly hostname: string }[];
  readonly silent: readonly number[];
  readonly milliseconds: number;
}

/** The fields of a request that matter here; everything else is allowed and ignored. */
interface ChatBody {
  readonly messages: readonly unknown[];
  readonly stream?: unknown;
}

const MAX_BODY_BYTES = 1 << 20;

/** Serves on the door; `ask` asks every rank for a sign of life. Resolves when it listens. */
export function serveOpenAi(door: HttpDoor, ask: () => Promise<GangAnswer>): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((request, response) => {
      route(door, ask, request, response).catch(() => fail(response, 500, 'internal error'));
    });
    server.once('error', (error) =>
      reject(new Error(`cannot listen on ${door.host}:${door.port}: ${error.message}`)),
    );
    server.listen({ host: door.host, port: door.port }, () => resolve(server));
  });
}

async function route(
  door: HttpDoor,
  ask: () => Promise<GangAnswer>,
  request: IncomingMessage,
  response: ServerResponse,
) {
  const path = new URL(request.url ?? '/', 'http://rehearsal').pathname;
  if (path === '/health') return void response.writeHead(200).end();
  if (!authorised(door.apiKey, request.headers.authorization))
    return fail(response, 401, 'missing or wrong API key');
  if (request.method === 'GET' && path === '/v1/models') {
    return json(response, {
      object: 'list',
      data: [{ id: door.servedName, object: 'model', created: 0, owned_by: 'dsr1' }],
    });
  }
  if (request.method === 'POST' && path === '/v1/chat/completions') {
    const body = await readBody(request);
    if (body === null) return fail(response, 400, 'expected a JSON object with "messages", of at most 1 MiB');
    return complete(door, describe(door.servedName, await ask()), body.stream === true, response);
  }
  return fail(response, 404, `no route ${request.method} ${path}`);
}

function complete(door: HttpDoor, text: string, stream: boolean, response: ServerResponse): void {
  const base = {
    id: `chatcmpl-${Date.now().toString(36)}`,
    created: Math.floor(Date.now() / 1000),
    model: door.servedName,
  };
  const words = text.match(/\S+\s*/g) ?? [];
  if (!stream) {
    json(response, {
      ...base,
      object: 'chat.completion',
      choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 0, completion_tokens: words.length, total_tokens: words.length },
    });
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  const chunk = (delta: object, finish: string | null): string =>
    `data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
  response.write(chunk({ role: 'assistant', content: '' }, null));
  for (const word of words) response.write(chunk({ content: word }, null));
  response.write(chunk({}, 'stop'));
  response.end('data: [DONE]\n\n');
}

function describe(name: string, answer: GangAnswer): string {
  const who = answer.answered.map(({ rank, hostname }) => `rank ${rank} (${hostname})`).join(' and ');
  const missing = answer.silent.length === 0 ? '' : ` No answer from rank ${answer.silent.join(', ')}.`;
  return `This is the rehearsal of ${name}, not a model: ${who} answered in ${answer.milliseconds.toFixed(1)} ms.${missing}`;
}

function authorised(apiKey: string | null, header: string | undefined): boolean {
  if (apiKey === null) return true;
  const given = Buffer.from(header ?? '');
  const wanted = Buffer.from(`Bearer ${apiKey}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

async function readBody(request: IncomingMessage): Promise<ChatBody | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return null;
    chunks.push(chunk);
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    const body = value as ChatBody | null;
    return body !== null && typeof body === 'object' && Array.isArray(body.messages) ? body : null;
  } catch {
    return null;
  }
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

function fail(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) return void response.end();
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ error: { message, type: 'rehearsal_error', code: status } }));
}
