/** Keys, certificate requests and certificates: P-256 everywhere. */
import { createPrivateKey, randomBytes, type webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import { Dsr1Error } from '@dsr1/shared/errors';
import { sha256Hex } from '@dsr1/shared/hash';
import { loadX509 } from '@dsr1/shared/identity/keys';
import { coordinatorUri, nodeUri } from '@dsr1/shared/rpc/names';
import { BACKDATE_MS, type CertificateAuthority } from './ca.ts';

export const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

export interface CertificateRequest {
  /** SHA-256 of the public key (SPKI, DER), hex. */
  readonly spkiHash: string;
  readonly publicKey: webcrypto.CryptoKey;
}

export interface IssuedCertificate {
  readonly pem: string;
  /** Lower-case hex. */
  readonly serial: string;
  readonly spkiHash: string;
  readonly notAfterMs: number;
}

/**
 * Checks the request's own signature, which proves that the sender holds the key; all else in it is ignored.
 * @throws INVALID_ARGUMENT
 */
export async function readCsr(csrDer: Uint8Array): Promise<CertificateRequest> {
  const { x509 } = await loadX509();
  try {
    const request = new x509.Pkcs10CertificateRequest(new Uint8Array(csrDer));
    const publicKey = await request.publicKey.export(KEY_ALGORITHM, ['verify']);
    if (!(await request.verify())) throw new Error('its signature does not match its key');
    return { spkiHash: sha256Hex(new Uint8Array(request.publicKey.rawData)), publicKey };
  } catch (cause) {
    throw new Dsr1Error(
      'INVALID_ARGUMENT',
      `the certificate request is not a signed PKCS#10 of a P-256 key: ${(cause as Error).message}`,
      { cause },
    );
  }
}

/** A client certificate whose only meaning is `dsr1://<cluster>/node/<id>`. */
export async function issueNodeCertificate(
  ca: CertificateAuthority,
  request: CertificateRequest,
  node: { readonly id: string; readonly ttlMs: number; readonly nowMs: number },
): Promise<IssuedCertificate> {
  const { x509 } = await loadX509();
  const notAfterMs = node.nowMs + node.ttlMs;
  const certificate = await issue(ca, {
    subject: `CN=node:${node.id}`,
    publicKey: request.publicKey,
    usage: x509.ExtendedKeyUsage.clientAuth,
    names: [{ type: 'url', value: nodeUri(ca.clusterId, node.id) }],
    notBeforeMs: node.nowMs - BACKDATE_MS,
    notAfterMs,
  });
  return {
    pem: certificate.toString('pem'),
    serial: certificate.serialNumber.toLowerCase(),
    spkiHash: request.spkiHash,
    notAfterMs,
  };
}

/** Key and chain (leaf, CA) of this process's servers. Made at every start and held in memory only. */
export async function issueServerIdentity(
  ca: CertificateAuthority,
  hosts: readonly string[],
  nowMs: number,
): Promise<{ readonly keyPem: string; readonly certificateChainPem: string }> {
  const { x509 } = await loadX509();
  const keys = await generateKeys();
  const certificate = await issue(ca, {
    subject: 'CN=dsr1-coordinator',
    publicKey: keys.publicKey,
    usage: x509.ExtendedKeyUsage.serverAuth,
    // Nodes go by the URI; host names are for browsers and curl.
    names: [
      { type: 'url', value: coordinatorUri(ca.clusterId) },
      ...hosts.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value })),
    ],
    notBeforeMs: nowMs - BACKDATE_MS,
    notAfterMs: nowMs + SERVER_VALID_MS,
  });
  return {
    keyPem: await privateKeyPem(keys.privateKey),
    certificateChainPem: `${certificate.toString('pem')}\n${ca.certificatePem}`,
  };
}

/** Longer than any process runs. */
const SERVER_VALID_MS = 5 * 365 * 86_400_000;

export async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']);
}

export async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', key));
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    .export({ type: 'pkcs8', format: 'pem' })
    .toString();
}

export async function importPrivateKey(pem: string): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' });
  return crypto.subtle.importKey('pkcs8', new Uint8Array(der), KEY_ALGORITHM, false, ['sign']);
}

/** 16 random bytes; the first is 0x40–0x7f, so that the number is positive and every tool prints all of it. */
export function newSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = 0x40 | ((bytes[0] ?? 0) & 0x3f);
  return bytes.toString('hex');
}

interface Leaf {
  readonly subject: string;
  readonly publicKey: webcrypto.CryptoKey;
  readonly usage: string;
  readonly names: readonly { readonly type: 'url' | 'dns' | 'ip'; readonly value: string }[];
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

async function issue(ca: CertificateAuthority, leaf: Leaf) {
  const { x509 } = await loadX509();
  const issuer = new x509.X509Certificate(ca.certificatePem);
  return x509.X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: leaf.subject,
    issuer: issuer.subject,
    notBefore: new Date(leaf.notBeforeMs),
    notAfter: new Date(leaf.notAfterMs),
    publicKey: leaf.publicKey,
    signingKey: ca.privateKey,
    signingAlgorithm: KEY_ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([leaf.usage]),
      new x509.SubjectAlternativeNameExtension([...leaf.names]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
    ],
  });
}
