/**
 * The cluster's certificate authority: made at the first start, its key never leaves the state directory (0600). Its
 * subject carries the cluster id, so that a lost database does not make another cluster.
 */
import { randomBytes, type webcrypto, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readDurably, writeDurably } from '@dsr1/shared/durable-file';
import { Dsr1Error } from '@dsr1/shared/errors';
import { spkiSha256Hex } from '@dsr1/shared/identity/ca-pin';
import { loadX509 } from '@dsr1/shared/identity/keys';
import { generateKeys, importPrivateKey, KEY_ALGORITHM, newSerial, privateKeyPem } from './certificates.ts';

export interface CertificateAuthority {
  readonly clusterId: string;
  readonly certificatePem: string;
  readonly privateKey: webcrypto.CryptoKey;
  /** What join tokens pin: SHA-256 of the public key (SPKI), hex. */
  readonly spkiHash: string;
}

const VALID_MS = 20 * 365 * 86_400_000;
/** Hosts whose clock is a little behind accept it too. */
export const BACKDATE_MS = 3_600_000;

export const caPath = (stateDir: string): string => join(stateDir, 'ca.crt');
const keyPath = (stateDir: string): string => join(stateDir, 'ca.key');

/** @throws STATE_CORRUPT when half of it is missing or damaged, DISK_FULL */
export async function openCa(stateDir: string, nowMs: number): Promise<CertificateAuthority> {
  const [hasCertificate, hasKey] = [existsSync(caPath(stateDir)), existsSync(keyPath(stateDir))];
  if (hasCertificate) return read(stateDir, hasKey);
  if (hasKey) throw corrupt(stateDir, 'ca.key is there but ca.crt is missing');
  await create(stateDir, nowMs);
  return read(stateDir, true);
}

async function create(stateDir: string, nowMs: number): Promise<void> {
  const { x509 } = await loadX509();
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: `CN=dsr1 CA, OU=${randomBytes(8).toString('hex')}`,
    notBefore: new Date(nowMs - BACKDATE_MS),
    notAfter: new Date(nowMs + VALID_MS),
    signingAlgorithm: KEY_ALGORITHM,
    keys,
    extensions: [
      // Signs leaves only.
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  // The key first: a certificate without its key is damage, a key without certificate cannot have signed anything.
  writeDurably(keyPath(stateDir), await privateKeyPem(keys.privateKey));
  writeDurably(caPath(stateDir), certificate.toString('pem'));
}

async function read(stateDir: string, hasKey: boolean): Promise<CertificateAuthority> {
  if (!hasKey) throw corrupt(stateDir, 'ca.crt is there but ca.key is missing');
  try {
    const certificate = readDurably(caPath(stateDir), (pem) => new X509Certificate(pem));
    const keyPem = readDurably(keyPath(stateDir), (pem) => pem);
    const clusterId = /^OU=([0-9a-f]{16})$/m.exec(certificate?.subject ?? '')?.[1];
    if (certificate === null || keyPem === null || clusterId === undefined)
      throw corrupt(stateDir, 'ca.crt is no dsr1 CA');
    const privateKey = await importPrivateKey(keyPem);
    return {
      clusterId,
      certificatePem: certificate.toString(),
      privateKey,
      spkiHash: spkiSha256Hex(certificate),
    };
  } catch (cause) {
    if (cause instanceof Dsr1Error) throw cause;
    throw corrupt(stateDir, `ca.crt or ca.key cannot be read (${(cause as Error).message})`, cause);
  }
}

const corrupt = (stateDir: string, found: string, cause?: unknown): Dsr1Error =>
  new Dsr1Error('STATE_CORRUPT', `the CA in ${stateDir} is damaged: ${found}`, {
    cause,
    hint: 'restore ca.crt and ca.key from a backup (`dsr1-coordinator backup` makes one); a new CA would shut all nodes out',
  });
