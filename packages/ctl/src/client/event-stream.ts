/** text/event-stream (https://html.spec.whatwg.org/multipage/server-sent-events.html) → values of its `data` fields. */
import type { Static, TSchema } from 'typebox';
import { decodeAnswer } from './exchange.ts';

/** Comments (keep-alives) and other fields are skipped. */
export async function* eventStream<T extends TSchema>(
  chunks: AsyncIterable<string>,
  schema: T,
): AsyncGenerator<Static<T>> {
  let rest = '';
  for await (const chunk of chunks) {
    const blocks = (rest + chunk).split(/\r?\n\r?\n/);
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const data = dataOf(block);
      if (data !== '') yield decodeAnswer(schema, data, 'GET /events');
    }
  }
}

const dataOf = (block: string): string =>
  block
    .split(/\r?\n/)
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice('data:'.length).trimStart())
    .join('\n');
