/** A small certificate authority for tests: root, coordinator and node certificates with any validity. */
import type { webcrypto } from 'node:crypto';
import { loadX509 } from '../../src/identity/keys.ts';

export interface TestCa {
  readonly caPem: string;
  issueServer(options?: {
    uri?: string;
    from?: Date;
    to?: Date;
  }): Promise<{ keyPem: string; certPem: string }>;
  /** Signs a CSR (DER) as node `nodeId`. */
  issueNode(csrDer: Uint8Array, nodeId: string, options?: { from?: Date; to?: Date }): Promise<string>;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const HOUR_MS = 3_600_000;

export async function createTestCa(clusterId: string): Promise<TestCa> {
  const { x509, subtle } = await loadX509();
  const makeKeys = () =>
    subtle.generateKey(ALGORITHM, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;
  const validity = (from?: Date, to?: Date) => ({
    notBefore: from ?? new Date(Date.now() - HOUR_MS),
    notAfter: to ?? new Date(Date.now() + HOUR_MS),
  });
  const caKeys = await makeKeys();
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=test-ca',
    keys: caKeys,
    signingAlgorithm: ALGORITHM,
    ...validity(new Date(Date.now() - 24 * HOUR_MS), new Date(Date.now() + 24 * HOUR_MS)),
    extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
  });
  const issue = (publicKey: webcrypto.CryptoKey, subject: string, uri: string, from?: Date, to?: Date) =>
    x509.X509CertificateGenerator.create({
      subject,
      issuer: ca.subject,
      publicKey,
      signingKey: caKeys.privateKey,
      signingAlgorithm: ALGORITHM,
      ...validity(from, to),
      extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'url', value: uri }])],
    });
  return {
    caPem: ca.toString('pem'),
    async issueServer({ uri = `dsr1://${clusterId}/coordinator`, from, to } = {}) {
      const keys = await makeKeys();
      const leaf = await issue(keys.publicKey, 'CN=coordinator', uri, from, to);
      const key = Buffer.from(await subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
      return {
        keyPem: `-----BEGIN PRIVATE KEY-----\n${key.replace(/.{64}/g, '$&\n')}\n-----END PRIVATE KEY-----\n`,
        certPem: `${leaf.toString('pem')}\n${ca.toString('pem')}`,
      };
    },
    async issueNode(csrDer, nodeId, { from, to } = {}) {
      const request = new x509.Pkcs10CertificateRequest(new Uint8Array(csrDer));
      if (!(await request.verify())) throw new Error('the request is not signed by its key');
      const publicKey = await request.publicKey.export(ALGORITHM, ['verify']);
      return (
        await issue(publicKey, `CN=node:${nodeId}`, `dsr1://${clusterId}/node/${nodeId}`, from, to)
      ).toString('pem');
    },
  };
}
