import { createPublicKey, randomBytes, X509Certificate } from 'node:crypto';
import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createServer, type TLSSocket } from 'node:tls';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { type Test, test } from 'tap';
import { Dsr1Error } from '../src/errors.ts';
import { fetchAndPinCa, spkiSha256Hex } from '../src/identity/ca-pin.ts';
import { enroll } from '../src/identity/enroll.ts';
import { renewAtMs, validityOf } from '../src/identity/renewal.ts';
import { openIdentityStore } from '../src/identity/store.ts';
import { formatJoinToken, parseJoinToken } from '../src/identity/token.ts';
import { toServiceError } from '../src/rpc/errors.ts';
import { loadServices } from '../src/rpc/services.ts';
import type { EnrollmentHandlers } from '../src/wire/generated/dsr1/v1/Enrollment.ts';
import type { EnrollRequest__Output } from '../src/wire/generated/dsr1/v1/EnrollRequest.ts';
import { createTestCa, type TestCa } from './helpers/test-ca.ts';

const services = loadServices();
const CLUSTER = 'c0ffee';
const secret = () => randomBytes(32).toString('base64url');
const hashOfCa = (ca: TestCa) => spkiSha256Hex(new X509Certificate(ca.caPem));

test('a join token is read back as written, and a bad one says why without repeating it', async (t) => {
  const token = { caHashes: ['a'.repeat(64), '0'.repeat(64)], id: 'abcd1234', secret: secret() };
  t.strictSame(parseJoinToken(` ${formatJoinToken(token)}\n`), token);
  const good = formatJoinToken({ ...token, caHashes: ['a'.repeat(64)] });
  for (const [text, why] of [
    ['', /it is empty/],
    ['K10abc', /does not begin with DJ1/],
    [good.slice(0, -1), /120 characters; a token with one hash has 121/],
    [good.replace('::', ':'), /no "::"/],
    [`${good.slice(0, 90)} ${good.slice(90)}`, /white space/],
  ] as const) {
    t.throws(() => parseJoinToken(text), { code: 'TOKEN_INVALID', message: why });
  }
  try {
    parseJoinToken(good.replace('::', ':'));
  } catch (error) {
    t.notMatch(String(error), token.secret, 'the secret stays out of the message');
  }
});

interface Enrollments {
  readonly requests: EnrollRequest__Output[];
  readonly port: number;
}

/** An enrolment port that signs every request, or answers with `refusal`. */
async function enrolmentPort(
  t: Test,
  ca: TestCa,
  options: { refusal?: Dsr1Error; uri?: string; nodeUriOf?: string } = {},
): Promise<Enrollments> {
  const requests: EnrollRequest__Output[] = [];
  const handlers: EnrollmentHandlers = {
    RenewExpired: (_, callback) => callback(toServiceError(new Dsr1Error('NOT_FOUND', 'not here'))),
    async Enroll(call, callback) {
      requests.push(call.request);
      if (options.refusal !== undefined) return callback(toServiceError(options.refusal));
      const certificatePem = await ca.issueNode(call.request.csrDer, options.nodeUriOf ?? 'node-1');
      callback(null, {
        nodeId: 'node-1',
        nodeName: 'alpha',
        clusterId: CLUSTER,
        certificatePem,
        caPem: ca.caPem,
        sessionPort: 7001,
      });
    },
  };
  const { keyPem, certPem } = await ca.issueServer(options.uri === undefined ? {} : { uri: options.uri });
  const server = new Server();
  server.addService(services.Enrollment.service, handlers);
  const credentials = ServerCredentials.createSsl(
    null,
    [{ private_key: Buffer.from(keyPem), cert_chain: Buffer.from(certPem) }],
    false,
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  t.teardown(() => server.forceShutdown());
  return { requests, port };
}

const aRequest = (ca: TestCa, port: number) => ({
  token: { caHashes: [hashOfCa(ca)], id: 'abcd1234', secret: secret() },
  host: '127.0.0.1',
  port,
  hostname: 'gpu-1',
  nodeName: '',
  bootId: 'boot',
  fingerprint: 'print',
  agentVersion: '0.1.0',
});

test('a node joins: CA pinned, request signed by a key that stays, identity stored privately', async (t) => {
  const ca = await createTestCa(CLUSTER);
  const { port, requests } = await enrolmentPort(t, ca);
  const stateDir = t.testdir();
  const store = openIdentityStore(stateDir);
  const request = aRequest(ca, port);
  const identity = await enroll(request, { services, store, nowMs: Date.now });
  t.match(identity, { nodeId: 'node-1', nodeName: 'alpha', clusterId: CLUSTER, servers: ['127.0.0.1:7001'] });
  t.strictSame(identity.joinServers, [`127.0.0.1:${port}`]);
  t.equal(requests[0]?.tokenSecret, request.token.secret);
  t.ok(
    new X509Certificate(identity.certificatePem).publicKey.equals(createPublicKey(identity.privateKeyPem)),
  );
  t.strictSame(openIdentityStore(stateDir).load(), identity, 'another process reads the same');
  t.equal(statSync(join(stateDir, 'identity')).mode & 0o777, 0o700);
  t.equal(statSync(join(stateDir, 'identity/identity.json')).mode & 0o777, 0o600);
  t.throws(() => statSync(join(stateDir, 'identity/pending-key.pem')), { code: 'ENOENT' });
  store.wipe();
  t.equal(store.load(), null);
});

test('a join that lost its reply is repeated with the same key', async (t) => {
  const ca = await createTestCa(CLUSTER);
  const store = openIdentityStore(t.testdir());
  const first = store.pendingKeyPem();
  const { port } = await enrolmentPort(t, ca);
  const identity = await enroll(aRequest(ca, port), { services, store, nowMs: Date.now });
  t.equal(identity.privateKeyPem, first);
  t.not(store.pendingKeyPem(), first, 'the next join has a key of its own');
});

test('with another CA than the pinned one the secret never leaves', async (t) => {
  const [ours, theirs] = await Promise.all([createTestCa(CLUSTER), createTestCa(CLUSTER)]);
  const { keyPem, certPem } = await theirs.issueServer();
  const received: Buffer[] = [];
  const sockets: TLSSocket[] = [];
  const mitm = createServer({ key: keyPem, cert: certPem, ALPNProtocols: ['h2'] }, (socket) => {
    sockets.push(socket);
    socket.on('data', (chunk) => received.push(chunk)).on('error', () => {});
  });
  await new Promise<void>((resolve) => mitm.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    mitm.close();
  });
  const { port } = mitm.address() as { port: number };
  const deps = { services, store: openIdentityStore(t.testdir()), nowMs: Date.now };
  await t.rejects(enroll(aRequest(ours, port), deps), {
    code: 'CA_MISMATCH',
    message: new RegExp(`expected ${hashOfCa(ours)}, found ${hashOfCa(theirs)}`),
  });
  t.equal(Buffer.concat(received).length, 0, 'not one byte was sent over that connection');
});

test('each way a join can fail has its name', async (t) => {
  const ca = await createTestCa(CLUSTER);
  const deps = () => ({ services, store: openIdentityStore(t.testdir()), nowMs: Date.now });

  const refusal = new Dsr1Error('TOKEN_USED', 'the token has no use left – ünïcode', {
    hint: 'make another',
  });
  const used = await enrolmentPort(t, ca, { refusal });
  await t.rejects(enroll(aRequest(ca, used.port), deps()), {
    code: 'TOKEN_USED',
    message: refusal.message,
    hint: 'make another',
  });

  const stranger = await enrolmentPort(t, ca, { uri: `dsr1://${CLUSTER}/node/node-9` });
  await t.rejects(
    enroll(aRequest(ca, stranger.port), deps()),
    { code: 'COORDINATOR_UNREACHABLE', message: /not a coordinator/ },
    'a node posing as coordinator',
  );
  t.equal(stranger.requests.length, 0);

  const mixed = await enrolmentPort(t, ca, { nodeUriOf: 'node-2' });
  await t.rejects(enroll(aRequest(ca, mixed.port), deps()), {
    code: 'INTERNAL',
    message: /is for dsr1:\/\/c0ffee\/node\/node-2/,
  });

  const good = await enrolmentPort(t, ca);
  const lateMs = Date.parse('2031-01-01');
  await t.rejects(enroll(aRequest(ca, good.port), { ...deps(), nowMs: () => lateMs }), {
    code: 'CLOCK_SKEW',
    message: /clock says 2031-01-01/,
  });
  t.equal(good.requests.length, 0);
  await t.rejects(fetchAndPinCa('127.0.0.1', 1, [hashOfCa(ca)]), {
    code: 'COORDINATOR_UNREACHABLE',
    message: /ECONNREFUSED/,
  });
});

test('an identity file damaged by power loss falls back to the previous copy, or says to join again', async (t) => {
  const ca = await createTestCa(CLUSTER);
  const { port } = await enrolmentPort(t, ca);
  const stateDir = t.testdir();
  const store = openIdentityStore(stateDir);
  const identity = await enroll(aRequest(ca, port), { services, store, nowMs: Date.now });
  const file = join(stateDir, 'identity/identity.json');
  store.save({ ...identity, nodeName: 'beta' });
  truncateSync(file);
  t.equal(store.load()?.nodeName, 'alpha', 'the copy before');
  store.save({ ...identity, nodeName: 'gamma' });
  t.match(readFileSync(`${file}.bak`, 'utf8'), /alpha/, 'an empty file does not replace a good copy');
  for (const name of [file, `${file}.bak`]) writeFileSync(name, '{"nodeId":');
  t.throws(() => store.load(), { code: 'STATE_CORRUPT', hint: /dsr1ctl join/ });
});

test('certificates are renewed at half of their life, a tenth earlier or later', async (t) => {
  const ca = await createTestCa(CLUSTER);
  const { certPem } = await ca.issueServer({
    from: new Date('2030-01-01T00:00:00Z'),
    to: new Date('2030-01-08T00:00:00Z'),
  });
  const validity = validityOf(certPem);
  const dayOf = (random: number) => (renewAtMs(validity, random) - validity.fromMs) / 86_400_000;
  t.equal(dayOf(0.5), 3.5);
  t.ok(Math.abs(dayOf(0) - 2.8) < 1e-6 && Math.abs(dayOf(1) - 4.2) < 1e-6);
});
