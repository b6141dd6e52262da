import { once } from 'node:events';
import { createServer } from 'node:net';
import type { CheckEnd } from '@dsr1/shared/fabric/check/model';
import type { DialAnswer, LookAnswer, ServeAnswer } from '@dsr1/shared/fabric/check/requests';
import { test } from 'tap';
import { createChecks } from '../src/checks/checks.ts';
import { awaitListening, lastWords, readFigures } from '../src/checks/verbs.ts';
import { linuxHost } from '../src/host/linux.ts';

const host = linuxHost({ toolPath: ['/nonexistent'] });
const checks = createChecks({ host, wallMs: () => 1_000 });

const end = (node: string, rail: number | null, address: string): CheckEnd => ({
  node,
  rail,
  netdev: 'lo',
  address,
  prefixLength: 8,
  device: rail === null ? null : 'mlx5_1',
  port: 1,
  gidIndex: 3,
  linkLayer: null,
  mtuBytes: 1500,
  linkLocal: null,
});

test('serve and dial: bytes go there and back on a pool port and a random one, on every path', async (t) => {
  const own = [end('a', null, '127.0.0.2'), end('a', 0, '127.0.0.3')];
  const peer = [end('b', null, '127.0.0.4'), end('b', 0, '127.0.0.5')];
  const listening = (await checks.answer('check.serve', { id: '1', ends: peer, verbs: [] })) as ServeAnswer;
  t.ok(listening.tcp.every(({ ports, problem }) => ports.length === 2 && problem === null));
  t.ok(listening.tcp.every(({ ports }) => (ports[0] ?? 0) >= 20_000 && (ports[0] ?? 0) < 30_000));
  const dial = async () =>
    (await checks.answer('check.dial', { id: '1', own, peer, listening })) as DialAnswer;
  const passed = (await dial()).results;
  t.strictSame(
    passed.map(({ rail, test, outcome }) => [rail, test, outcome]),
    [
      [null, 'tcp', 'pass'],
      [null, 'tcp', 'pass'],
      [0, 'tcp', 'pass'],
      [0, 'tcp', 'pass'],
    ],
  );
  await checks.answer('check.end', { id: '1' });
  const refused = (await dial()).results;
  t.ok(refused.every(({ outcome, detail }) => outcome === 'fail' && /ECONNREFUSED/.test(detail)));
});

test('an address that is not here is told by the side that lacks it', async (t) => {
  const listening = (await checks.answer('check.serve', {
    id: '2',
    ends: [end('b', 0, '192.0.2.1')],
    verbs: [],
  })) as ServeAnswer;
  t.match(listening.tcp[0]?.problem, /EADDRNOTAVAIL/);
  await checks.answer('check.end', { id: '2' });
});

test('a tool that is not there, or ends before it listens, is a problem and no wait', async (t) => {
  const listening = (await checks.answer('check.serve', {
    id: '3',
    ends: [end('b', 0, '127.0.0.5')],
    verbs: [{ rail: 0, tool: 'ib_write_bw' }],
  })) as ServeAnswer;
  t.equal(listening.verbs[0]?.problem, 'not installed');
  await checks.answer('check.end', { id: '3' });
});

test('look: tools, clock and look-ups; unknown probes and wrong arguments are refused', async (t) => {
  const answer = (await checks.answer('check.look', { names: ['localhost'] })) as LookAnswer;
  t.equal(answer.wallMs, 1_000);
  t.strictSame(answer.tools, []);
  t.equal(answer.lookups[0]?.name, 'localhost');
  await t.rejects(checks.answer('check.other', {}), { code: 'INVALID_ARGUMENT' });
  await t.rejects(checks.answer('check.look', { names: 1 }), { code: 'INVALID_ARGUMENT' });
});

test('a listener is found by its port, whatever its family', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const never = new Promise<never>(() => {});
  t.equal(await awaitListening(host, port, never), null);
});

test('figures of real runs; a run without figures has none', (t) => {
  t.strictSame(readFigures('ib_write_bw', WRITE_BW), { gigabitsPerSecond: 0.037748736, microseconds: null });
  t.strictSame(readFigures('ib_send_lat', SEND_LAT), { gigabitsPerSecond: null, microseconds: 269.81 });
  t.strictSame(readFigures('ibv_rc_pingpong', PINGPONG), {
    gigabitsPerSecond: 0.09175,
    microseconds: 5714.25,
  });
  t.equal(readFigures('ib_write_bw', WRITE_BW.replace(' 84 ', ' 0 ')), null, 'nothing arrived');
  t.equal(readFigures('ib_write_bw', ' local address: LID 0000'), null);
  const failed = {
    answered: true,
    exitCode: 1,
    stdout: 'Failed status transport retry counter exceeded (12) for wr_id 2\n',
    stderr: '',
  } as const;
  t.match(lastWords(failed), /retry counter exceeded/);
  t.end();
});

/** perftest 4.5 and ibverbs-utils 44 between two virtual machines with soft-RoCE. */
const WRITE_BW = ` local address: LID 0000 QPN 0x0015 PSN 0x916652
 #bytes     #iterations    BW peak[MB/sec]    BW average[MB/sec]   MsgRate[Mpps]
 65536      84               0.00               4.50               0.000072
`;
const SEND_LAT = ` GID: 00:00:00:00:00:00:00:00:00:00:255:255:10:88:00:02
 #bytes #iterations    t_min[usec]    t_max[usec]  t_typical[usec]    t_avg[usec]    t_stdev[usec]   99% percentile[usec]   99.9% percentile[usec]
 2       100          169.65         2662.31      269.81   \t       455.77      \t489.24 \t\t2662.31 \t\t2662.31
`;
const PINGPONG = `  local address:  LID 0x0000, QPN 0x000012, PSN 0x9444de, GID ::ffff:10.88.1.1
  remote address: LID 0x0000, QPN 0x000011, PSN 0x799ff2, GID ::ffff:10.88.1.2
2621440 bytes in 0.23 seconds = 91.75 Mbit/sec
20 iters in 0.23 seconds = 11428.50 usec/iter
`;
