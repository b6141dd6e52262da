/** When a certificate is renewed: at half of its life, ±10 % so that a fleet that joined together does not renew together. */
import { X509Certificate } from 'node:crypto';

export interface Validity {
  readonly fromMs: number;
  readonly toMs: number;
}

export function validityOf(certificatePem: string): Validity {
  const certificate = new X509Certificate(certificatePem);
  return { fromMs: Date.parse(certificate.validFrom), toMs: Date.parse(certificate.validTo) };
}

/** Wall-clock milliseconds at which to renew; `random` in [0, 1). */
export function renewAtMs(validity: Validity, random: number): number {
  const lifeMs = validity.toMs - validity.fromMs;
  return Math.round(validity.fromMs + lifeMs * (0.5 + (random - 0.5) * 0.2));
}
