/** Node keys and certificate requests. The private key is made here and never leaves the host. */
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** A new P-256 private key, PKCS#8 PEM. */
export function createPrivateKeyPem(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** PKCS#10 request (DER) signed with `privateKeyPem`. Its subject is a formality: the coordinator names the node. */
export async function createCsr(privateKeyPem: string): Promise<Uint8Array> {
  const { x509, subtle } = await loadX509();
  const privateKey = createPrivateKey(privateKeyPem);
  const [signing, verifying] = await Promise.all([
    subtle.importKey(
      'pkcs8',
      new Uint8Array(privateKey.export({ type: 'pkcs8', format: 'der' })),
      ALGORITHM,
      true,
      ['sign'],
    ),
    subtle.importKey(
      'spki',
      new Uint8Array(createPublicKey(privateKey).export({ type: 'spki', format: 'der' })),
      ALGORITHM,
      true,
      ['verify'],
    ),
  ]);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: 'CN=dsr1-node',
    keys: { privateKey: signing, publicKey: verifying },
    signingAlgorithm: ALGORITHM,
  });
  return new Uint8Array(request.rawData);
}

/** The library costs 100 ms and 5 MiB: only who makes or signs requests loads it. */
export async function loadX509() {
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  return { x509, subtle: globalThis.crypto.subtle };
}
