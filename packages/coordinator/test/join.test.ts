import { X509Certificate } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { fetchAndPinCa } from '@dsr1/shared/identity/ca-pin';
import { loadX509 } from '@dsr1/shared/identity/keys';
import { renewExpired } from '@dsr1/shared/identity/renew-expired';
import type { NodeIdentity } from '@dsr1/shared/identity/store';
import { parseJoinToken } from '@dsr1/shared/identity/token';
import { CLIENT_OPTIONS, clientCredentials } from '@dsr1/shared/rpc/channel';
import { fromServiceError } from '@dsr1/shared/rpc/errors';
import type { ServiceError } from '@grpc/grpc-js';
import { test } from 'tap';
import { openCa } from '../src/join/ca.ts';
import { issueServerIdentity } from '../src/join/certificates.ts';
import { identityOf } from '../src/join/identity-of.ts';
import { type Cluster, errorOf, freshDir, joinHost, services, startCluster } from './support/cluster.ts';
import { connectNode } from './support/wire-node.ts';

test('a host joins by token and gets a certificate that is its identity and nothing else', async (t) => {
  const cluster = await startCluster(t);
  const identity = await joinHost(cluster, await cluster.token(), {
    name: 'Gpu_1.example.com',
    stateDir: freshDir(t),
  });
  t.equal(identity.nodeName, 'gpu-1', 'the host name becomes a node name');
  const certificate = new X509Certificate(identity.certificatePem);
  t.equal(certificate.subjectAltName, `URI:dsr1://${identity.clusterId}/node/${identity.nodeId}`);
  t.equal(certificate.ca, false);
  t.same(certificate.keyUsage, ['1.3.6.1.5.5.7.3.2'], 'client authentication only');
  const days = (Date.parse(certificate.validTo) - Date.now()) / 86_400_000;
  t.ok(days > 6.9 && days <= 7, 'valid for 7 days');
  t.ok(Date.parse(certificate.validFrom) < Date.now() - 3_500_000, 'and backdated by an hour');
  const ca = new X509Certificate(cluster.caPem);
  t.ok(certificate.checkIssued(ca) && certificate.verify(ca.publicKey));

  const nodes = (await cluster.api('GET', '/nodes')).body;
  t.match(nodes, [{ id: identity.nodeId, name: 'gpu-1', state: 'suspect', cordoned: false, gpus: null }]);
  t.equal((await cluster.events('node.joined')).length, 1);
});

test('each bad token is refused with its own code, and the answer never holds the secret', async (t) => {
  const cluster = await startCluster(t);
  const refusal = async (token: string, host: Partial<Parameters<typeof joinHost>[2]> = {}) => {
    const error = await errorOf(joinHost(cluster, token, { name: 'a', stateDir: freshDir(t), ...host }));
    t.notMatch(error.message + error.hint, parseJoinToken(token).secret);
    t.ok(error.hint, `${error.code} says what to do`);
    return error.code;
  };
  const good = await cluster.token();
  t.equal(await refusal(good.replace(/\.[^.]{43}$/, `.${'x'.repeat(43)}`)), 'TOKEN_INVALID', 'wrong secret');
  t.equal(await refusal(good.replace(/::.{8}\./, '::zzzzzzzz.')), 'TOKEN_INVALID', 'unknown id');

  const revoked = await cluster.token();
  await cluster.api('DELETE', `/tokens/${parseJoinToken(revoked).id}`);
  t.equal(await refusal(revoked), 'TOKEN_REVOKED');

  const short = await cluster.token({ ttlSeconds: 60 });
  cluster.clock.forward(61_000);
  t.equal(await refusal(short), 'TOKEN_EXPIRED');

  t.equal(await refusal(good, { agentVersion: '9.0.0' }), 'VERSION_SKEW');
  t.equal(await refusal(good, { skewMs: -6 * 60_000 }), 'CLOCK_SKEW');

  await joinHost(cluster, good, { name: 'a', stateDir: join(freshDir(t), 'one') });
  t.equal(await refusal(good, { name: 'b', stateDir: join(freshDir(t), 'two') }), 'TOKEN_USED');
  t.match(
    (await cluster.api('GET', '/tokens')).body.find(
      (row: { id: string }) => row.id === parseJoinToken(good).id,
    ),
    { uses: 1, maxUses: 1 },
  );
});

test('of racers for one use exactly one joins, and a token for N admits N', async (t) => {
  const cluster = await startCluster(t);
  const race = async (maxUses: number) => {
    const token = await cluster.token({ maxUses });
    const hosts = Array.from({ length: 6 }, (_, i) => ({
      name: `r${maxUses}-${i}`,
      stateDir: join(freshDir(t), `r${maxUses}-${i}`),
    }));
    const results = await Promise.allSettled(hosts.map((host) => joinHost(cluster, token, host)));
    const codes = results.flatMap((result) => (result.status === 'rejected' ? [result.reason.code] : []));
    t.ok(
      codes.every((code) => code === 'TOKEN_USED'),
      codes.join(),
    );
    return 6 - codes.length;
  };
  t.equal(await race(1), 1);
  t.equal(await race(4), 4);
});

test('a repeat with the same key gets the same node and does not use the token again', async (t) => {
  const cluster = await startCluster(t);
  const token = await cluster.token();
  const csr = await aCsr();
  const [first, second] = [
    await rawEnroll(cluster, token, csr.der),
    await rawEnroll(cluster, token, csr.der),
  ];
  t.same(second, first);
  t.equal((await cluster.api('GET', '/tokens')).body[0].uses, 1);
  t.equal(
    (await errorOf(rawEnroll(cluster, token, (await aCsr()).der))).code,
    'TOKEN_USED',
    'another key is another host',
  );

  await cluster.api('DELETE', `/nodes/${first.nodeId}?force=true`);
  t.equal(
    (await errorOf(rawEnroll(cluster, token, csr.der))).code,
    'NODE_REMOVED',
    'a removed node does not come back by replay',
  );
});

test("a request's subject, names and CA flag are ignored, and its signature must be its key's", async (t) => {
  const cluster = await startCluster(t);
  const evil = await aCsr({
    subject: 'CN=evil-admin, O=system:masters',
    ca: true,
    uri: 'dsr1://other/coordinator',
  });
  const reply = await rawEnroll(cluster, await cluster.token(), evil.der);
  const certificate = new X509Certificate(reply.certificatePem);
  t.equal(certificate.subject, `CN=node:${reply.nodeId}`);
  t.equal(certificate.ca, false);
  t.equal(certificate.subjectAltName, `URI:dsr1://${cluster.coordinator.clusterId}/node/${reply.nodeId}`);

  const forged = Buffer.from(evil.der);
  forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
  t.equal((await errorOf(rawEnroll(cluster, await cluster.token(), forged))).code, 'INVALID_ARGUMENT');
  t.equal(
    (await errorOf(rawEnroll(cluster, await cluster.token(), Buffer.from('no csr')))).code,
    'INVALID_ARGUMENT',
  );
});

test('a server with another CA never sees the secret', async (t) => {
  const cluster = await startCluster(t);
  const dir = freshDir(t);
  const mitm = await openCa(dir, Date.now());
  const { keyPem, certificateChainPem } = await issueServerIdentity(mitm, ['127.0.0.1'], Date.now());
  const seen: Buffer[] = [];
  const server = createServer({ key: keyPem, cert: certificateChainPem, ALPNProtocols: ['h2'] }, (socket) => {
    socket.on('data', (data) => seen.push(data));
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as { port: number };
  const token = parseJoinToken(await cluster.token());
  const error = await errorOf(fetchAndPinCa('127.0.0.1', port, token.caHashes));
  t.equal(error.code, 'CA_MISMATCH');
  t.equal(Buffer.concat(seen).length, 0, 'not one byte of application data');
});

test('a host that comes back is the same node, and a name is never taken from another', async (t) => {
  const cluster = await startCluster(t);
  const dir = freshDir(t);
  const first = await joinHost(cluster, await cluster.token(), { name: 'gpu-1', stateDir: join(dir, '1') });

  const reinstalled = await joinHost(cluster, await cluster.token(), {
    name: 'gpu-1',
    stateDir: join(dir, '2'),
  });
  t.equal(reinstalled.nodeId, first.nodeId, 'same host, new disk');
  t.not(reinstalled.certificatePem, first.certificatePem);

  const other = await errorOf(
    joinHost(cluster, await cluster.token(), {
      name: 'gpu-1',
      fingerprint: 'another',
      stateDir: join(dir, '3'),
    }),
  );
  t.match(other, { code: 'ALREADY_EXISTS', message: /gpu-1/, hint: /--name/ });

  const clone = await joinHost(cluster, await cluster.token(), {
    name: 'gpu-2',
    fingerprint: 'print-gpu-1',
    stateDir: join(dir, '4'),
  });
  t.not(clone.nodeId, first.nodeId, 'a clone with a name of its own is a node of its own');

  await cluster.api('DELETE', '/nodes/gpu-1');
  t.same(
    (await cluster.api('GET', '/nodes')).body.map((node: { name: string }) => node.name),
    ['gpu-2'],
  );
  const back = await joinHost(cluster, await cluster.token(), { name: 'gpu-1', stateDir: join(dir, '5') });
  t.equal(back.nodeId, first.nodeId, 'also after it was removed');
  t.equal((await cluster.events('node.joined')).length, 4);
});

test('an expired certificate is renewed by proof of its key, for 90 days, unless it was revoked', async (t) => {
  const cluster = await startCluster(t, { certificateTtlSeconds: 600 });
  const [gpu1, gpu2] = await Promise.all(
    ['gpu-1', 'gpu-2'].map(async (name) =>
      joinHost(cluster, await cluster.token(), { name, stateDir: freshDir(t) }),
    ),
  );
  if (gpu1 === undefined || gpu2 === undefined) throw new Error('expected two nodes');
  const address = `127.0.0.1:${cluster.coordinator.ports.join}`;
  const renewed = (identity: NodeIdentity, skewMs = 0) =>
    renewExpired(identity, address, { services, nowMs: cluster.clock.wallMs() + skewMs });
  cluster.clock.forward(601_000);
  t.match(await connectNode(cluster, gpu1).ended, { code: 'UNAUTHENTICATED' });

  const thief = { ...gpu1, privateKeyPem: gpu2.privateKeyPem };
  t.match(await errorOf(renewed(thief)), { code: 'UNAUTHENTICATED', message: /not signed by the key/ });
  t.match(await errorOf(renewed(gpu1, 400_000)), { code: 'CLOCK_SKEW' });
  const fresh = await renewed(gpu1);
  t.not(fresh.privateKeyPem, gpu1.privateKeyPem, 'a new key');
  const node = connectNode(cluster, fresh);
  await node.hello();
  t.match(await cluster.events('node.renewed'), [{ node: 'gpu-1' }]);
  t.match(
    await errorOf(renewed(gpu1)),
    { code: 'DUPLICATE_IDENTITY' },
    'the old one was replaced: whoever has it has a copy',
  );
  cluster.clock.forward(90 * 86_400_000);
  t.match(await errorOf(renewed(gpu2)), { code: 'UNAUTHENTICATED', hint: /join it again/ });
  await cluster.api('DELETE', '/nodes/gpu-2?force=true');
  t.match(await errorOf(renewed(gpu2)), { code: 'NODE_REMOVED' });
});

test('identity rules', (t) => {
  const row = { id: 'n-1', name: 'a', fingerprint: 'f', removedAtMs: null };
  const nodes = [{ row, connected: false }];
  t.match(identityOf({ name: 'a', fingerprint: 'f' }, nodes, null), { kind: 'known', id: 'n-1' });
  t.match(
    identityOf({ name: 'a', fingerprint: 'f' }, [{ row, connected: true }], null),
    { kind: 'refused' },
    'a live node keeps its identity',
  );
  t.match(
    identityOf(
      { name: 'a', fingerprint: '' },
      [{ row: { ...row, fingerprint: '' }, connected: false }],
      null,
    ),
    { kind: 'refused' },
    'no fingerprint proves nothing',
  );
  t.match(
    identityOf({ name: 'b', fingerprint: 'x' }, nodes, 'n-1'),
    { kind: 'known', id: 'n-1' },
    'the key decides, a new name is fine',
  );
  t.match(identityOf({ name: 'b', fingerprint: 'f' }, nodes, null), { kind: 'new' });
  const removed = [3, 7, 5].map((removedAtMs) => ({
    row: { ...row, id: `n-${removedAtMs}`, removedAtMs },
    connected: false,
  }));
  t.match(
    identityOf({ name: 'a', fingerprint: 'f' }, removed, null),
    { kind: 'known', id: 'n-7' },
    'the latest removed one',
  );
  t.end();
});

test('enrolments of one address are limited', async (t) => {
  const cluster = await startCluster(t, { joinsPerMinute: 2 });
  const bad = (await cluster.token()).replace(/\.[^.]{43}$/, `.${'x'.repeat(43)}`);
  const codes: string[] = [];
  for (let i = 0; i < 3; i++)
    codes.push((await errorOf(joinHost(cluster, bad, { name: 'a', stateDir: freshDir(t) }))).code);
  t.same(codes, ['TOKEN_INVALID', 'TOKEN_INVALID', 'OVERLOADED']);
  cluster.clock.forward(60_000);
  t.equal(
    (await errorOf(joinHost(cluster, bad, { name: 'a', stateDir: freshDir(t) }))).code,
    'TOKEN_INVALID',
    'after a minute again',
  );
});

test('a CA that is damaged or gone stops the start and is not replaced', async (t) => {
  const cluster = await startCluster(t);
  await cluster.close();
  const files = ['ca.key', 'ca.crt'].map((name) => join(cluster.stateDir, name));
  for (const gone of [files.slice(0, 1), files]) {
    for (const path of gone) rmSync(path, { force: true });
    t.match(await errorOf(startCluster(t, {}, cluster.stateDir)), { code: 'STATE_CORRUPT', hint: /backup/ });
    t.notOk(
      gone.some((path) => existsSync(path)),
      'no new one was made',
    );
  }
});

/** A request that asks for more than it may have. */
async function aCsr(asks: { subject?: string; ca?: boolean; uri?: string } = {}) {
  const { x509, subtle } = await loadX509();
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const extensions = [
    ...(asks.ca ? [new x509.BasicConstraintsExtension(true, 3, true)] : []),
    ...(asks.uri ? [new x509.SubjectAlternativeNameExtension([{ type: 'url', value: asks.uri }])] : []),
  ];
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: asks.subject ?? 'CN=node',
    keys: keys as Parameters<typeof x509.Pkcs10CertificateRequestGenerator.create>[0]['keys'],
    signingAlgorithm: algorithm,
    extensions,
  });
  return { der: Buffer.from(request.rawData) };
}

/** One Enroll call with exactly this request. */
function rawEnroll(cluster: Cluster, tokenText: string, csrDer: Buffer) {
  const token = parseJoinToken(tokenText);
  const credentials = clientCredentials({ caPem: cluster.caPem, clusterId: null, identity: null });
  const client = new services.Enrollment(
    `127.0.0.1:${cluster.coordinator.ports.join}`,
    credentials,
    CLIENT_OPTIONS,
  );
  const { promise, resolve, reject } = Promise.withResolvers<{ nodeId: string; certificatePem: string }>();
  const message = {
    tokenId: token.id,
    tokenSecret: token.secret,
    csrDer,
    hostname: 'raw',
    bootId: 'b',
    fingerprint: 'f',
    agentVersion: '0.1.0',
    clockMs: Date.now(),
  };
  client.enroll(message, (error: ServiceError | null, reply) => {
    client.close();
    if (error !== null || reply === undefined)
      reject(error === null ? new Error('no reply') : fromServiceError(error, 'coordinator'));
    else resolve(reply);
  });
  return promise;
}
