/** A host that was off for longer than its certificate lives: a new one, by proof of the old key, without a token. */
import { createPrivateKey, sign, X509Certificate } from 'node:crypto';
import type { Services } from '../rpc/services.ts';
import type { RenewExpiredReply__Output } from '../wire/generated/dsr1/v1/RenewExpiredReply.ts';
import { askEnrolment } from './ask-enrolment.ts';
import { createCsr, createPrivateKeyPem } from './keys.ts';
import type { NodeIdentity } from './store.ts';

const TIMEOUT_MS = 20_000;

/** @throws NODE_REMOVED, UNAUTHENTICATED, DUPLICATE_IDENTITY, CLOCK_SKEW, COORDINATOR_UNREACHABLE, TIMEOUT */
export async function renewExpired(
  identity: NodeIdentity,
  address: string,
  deps: { readonly services: Services; readonly nowMs: number },
): Promise<NodeIdentity> {
  const privateKeyPem = createPrivateKeyPem();
  const csrDer = await createCsr(privateKeyPem);
  const message = {
    certificateDer: new X509Certificate(identity.certificatePem).raw,
    csrDer,
    signature: sign('sha256', csrDer, createPrivateKey(identity.privateKeyPem)),
    clockMs: Math.round(deps.nowMs),
  };
  const { caPem, clusterId } = identity;
  const reply = await askEnrolment<RenewExpiredReply__Output>(
    deps.services,
    { address, caPem, clusterId },
    TIMEOUT_MS,
    (client, options, done) => client.renewExpired(message, options, done),
  );
  return { ...identity, privateKeyPem, certificatePem: reply.certificatePem, caPem: reply.caPem };
}
