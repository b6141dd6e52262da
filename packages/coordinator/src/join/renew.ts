import type { Clock } from '@dsr1/shared/clock';
import type { CertificateStore } from '../store/store.ts';
import type { CertificateAuthority } from './ca.ts';
import { issueNodeCertificate, readCsr } from './certificates.ts';

export interface RenewDeps {
  readonly ca: CertificateAuthority;
  readonly certificates: CertificateStore;
  readonly clock: Clock;
  readonly certificateTtlMs: number;
}

/**
 * A certificate of the next generation for a node that is in session. The old one stays good until the new one was used,
 * so a reply that is lost costs nothing. @throws INVALID_ARGUMENT
 */
export async function renew(
  { ca, certificates, clock, certificateTtlMs }: RenewDeps,
  nodeId: string,
  csrDer: Uint8Array,
) {
  const csr = await readCsr(csrDer);
  const issued = await issueNodeCertificate(ca, csr, {
    id: nodeId,
    ttlMs: certificateTtlMs,
    nowMs: clock.wallMs(),
  });
  await certificates.add({
    serial: issued.serial,
    nodeId,
    spkiHash: issued.spkiHash,
    notAfterMs: issued.notAfterMs,
  });
  return { certificatePem: issued.pem, caPem: ca.certificatePem };
}
