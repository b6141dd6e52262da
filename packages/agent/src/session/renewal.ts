/** Keeps the node's certificate young: a new key each time, stored before it is used. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { Dsr1Error } from '@dsr1/shared/errors';
import { createCsr, createPrivateKeyPem } from '@dsr1/shared/identity/keys';
import { renewAtMs, validityOf } from '@dsr1/shared/identity/renewal';
import type { NodeIdentity } from '@dsr1/shared/identity/store';

export interface Renewal {
  /** The request to send, null while none is due. Asked again when an answer stays out. */
  request(nowMs: number): Promise<Uint8Array | null>;
  /** The identity with the certificate that came. @throws INTERNAL when it does not fit the key */
  accept(reply: { readonly certificatePem: string; readonly caPem: string }): NodeIdentity;
}

const ANSWER_TIMEOUT_MS = 30_000;

export function createRenewal(identity: NodeIdentity, random: number): Renewal {
  const dueMs = renewAtMs(validityOf(identity.certificatePem), random);
  let privateKeyPem = '';
  let askedMs = Number.NEGATIVE_INFINITY;
  return {
    async request(nowMs) {
      if (nowMs < dueMs || nowMs - askedMs < ANSWER_TIMEOUT_MS) return null;
      askedMs = nowMs;
      privateKeyPem = createPrivateKeyPem();
      return createCsr(privateKeyPem);
    },
    accept({ certificatePem, caPem }) {
      if (
        privateKeyPem === '' ||
        !new X509Certificate(certificatePem).checkPrivateKey(createPrivateKey(privateKeyPem))
      ) {
        throw new Dsr1Error(
          'INTERNAL',
          'a renewed certificate came that is not for the key of this node; the old one stays in use',
        );
      }
      return { ...identity, privateKeyPem, certificatePem, caPem };
    },
  };
}
