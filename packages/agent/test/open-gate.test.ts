import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Test, test } from 'tap';
import { openGate } from '../src/workload/open-gate.ts';

/** A rank's gate that answers with this status; null = never. */
async function gateThatSays(t: Test, status: number | null) {
  const asked: string[] = [];
  const server = createServer(({ method, url }, response) => {
    asked.push(`${method} ${url}`);
    if (status !== null) response.writeHead(status).end('{}');
  }).listen(0, '127.0.0.1');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  const { address, port } = server.address() as AddressInfo;
  return { asked, at: { address, port }, server };
}

test('a gate is opened by one POST, and what keeps it closed is told', async (t) => {
  const gate = await gateThatSays(t, 200);
  t.strictSame(await openGate(gate.at), { because: null });
  t.strictSame(await openGate(gate.at), { because: null }, 'asked again');
  t.strictSame(gate.asked, ['POST /gate/activate', 'POST /gate/activate']);

  const other = await gateThatSays(t, 404);
  t.strictSame(await openGate(other.at), { because: 'expected status 200, found 404' });

  const silent = await gateThatSays(t, null);
  t.strictSame(await openGate(silent.at), { because: 'no answer within 1.5 s' });

  gate.server.close();
  gate.server.closeAllConnections();
  await once(gate.server, 'close');
  t.match(await openGate(gate.at), { because: /ECONNREFUSED/ });
});
