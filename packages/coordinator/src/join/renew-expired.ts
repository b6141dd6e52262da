/** A certificate that expired without being revoked is renewed for whoever holds its key. */
import { verify, X509Certificate } from 'node:crypto';
import { Dsr1Error } from '@dsr1/shared/errors';
import { type AdmissionDeps, admitPeer } from '../rpc/admission.ts';
import { nodeNamed } from '../rpc/peer.ts';
import { checkClock } from './enrol.ts';
import { type RenewDeps, renew } from './renew.ts';

export interface RenewExpiredRequest {
  readonly certificateDer: Uint8Array;
  readonly csrDer: Uint8Array;
  readonly signature: Uint8Array;
  readonly clockMs: number;
}

/** Weeks of repair and holidays; a host that comes back later joins with a new token. */
const RENEWABLE_MS = 90 * 86_400_000;

/** @throws UNAUTHENTICATED, NODE_REMOVED, DUPLICATE_IDENTITY, CLOCK_SKEW, INVALID_ARGUMENT */
export async function renewExpired(
  deps: AdmissionDeps & RenewDeps,
  { certificateDer, csrDer, signature, clockMs }: RenewExpiredRequest,
) {
  const { ca, clock, registry, events } = deps;
  const certificate = readCertificate(certificateDer);
  if (!certificate.verify(new X509Certificate(ca.certificatePem).publicKey))
    throw notProven('the certificate is of another CA');
  const { serialNumber, subjectAltName } = certificate;
  const peer = nodeNamed({ serialNumber, subjectaltname: subjectAltName }, ca.clusterId);
  if (!verify('sha256', csrDer, certificate.publicKey, signature))
    throw notProven('the request is not signed by the key of the certificate');
  const { nodeId, notAfterMs } = await admitPeer(deps, peer, RENEWABLE_MS);
  checkClock(clockMs, clock.wallMs());
  const reply = await renew(deps, nodeId, csrDer);
  const name = registry.byId(nodeId)?.row.name ?? nodeId;
  events.record({
    kind: 'node.renewed',
    node: name,
    message: `node ${name} was renewed by its key; its certificate expired at ${new Date(notAfterMs).toISOString()}`,
  });
  return reply;
}

function readCertificate(der: Uint8Array): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch (cause) {
    throw new Dsr1Error('INVALID_ARGUMENT', 'expected an X.509 certificate (DER)', { cause });
  }
}

const notProven = (found: string): Dsr1Error =>
  new Dsr1Error('UNAUTHENTICATED', `an expired certificate is renewed by proof of its key only: ${found}`, {
    hint: 'join the node again with a new token',
  });
