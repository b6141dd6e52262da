/** Events as text/event-stream: what is stored first, then live ones, each once and in order. */
import { once } from 'node:events';
import type { ClusterEvent } from '@dsr1/shared/http-api/resources';
import type { FastifyReply } from 'fastify';
import type { EventLog } from '../events/event-log.ts';
import type { EventFilter } from '../store/store.ts';

/** Proxies drop connections that say nothing for a minute. */
const KEEPALIVE_MS = 15_000;
const PAGE = 500;

/**
 * Resolves when the client has gone or `closing` aborts. `after` = null begins with what comes now. A reader that falls
 * behind is given pages from the store, so nothing piles up in memory.
 */
export async function streamEvents(
  events: EventLog,
  filter: EventFilter,
  after: number | null,
  reply: FastifyReply,
  closing: AbortSignal,
): Promise<void> {
  let sent = after ?? (await events.newest({}, 1))[0]?.sequence ?? 0;
  reply.hijack();
  const out = reply.raw;
  for (const [name, value] of Object.entries(reply.getHeaders()))
    if (value !== undefined) out.setHeader(name, value);
  out.writeHead(200, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
  out.write(': dsr1 events\n\n');

  const gone = new AbortController();
  const stop = () => gone.abort();
  out.once('close', stop);
  closing.addEventListener('abort', stop, { once: true });
  let news = Promise.withResolvers<void>();
  const unsubscribe = events.subscribe(() => news.resolve());
  gone.signal.addEventListener('abort', () => news.resolve(), { once: true });
  const keepAlive = setInterval(() => out.write(': \n\n'), KEEPALIVE_MS);
  try {
    while (!gone.signal.aborted) {
      news = Promise.withResolvers();
      const page = await events.after(sent, filter, PAGE);
      for (const event of page) {
        sent = event.sequence;
        if (!out.write(render(event))) await once(out, 'drain', { signal: gone.signal });
      }
      if (page.length < PAGE && !gone.signal.aborted) await news.promise;
    }
  } catch (error) {
    if (!gone.signal.aborted) throw error;
  } finally {
    clearInterval(keepAlive);
    unsubscribe();
    closing.removeEventListener('abort', stop);
    out.end();
  }
}

const render = (event: ClusterEvent): string => `id: ${event.sequence}\ndata: ${JSON.stringify(event)}\n\n`;
