/** The joining node's side of enrolment: pin the CA, then exchange token and certificate request for an identity. */
import { X509Certificate } from 'node:crypto';
import { Dsr1Error } from '../errors.ts';
import { coordinatorUri, nodeUri, uriNames } from '../rpc/names.ts';
import type { Services } from '../rpc/services.ts';
import type { EnrollReply__Output } from '../wire/generated/dsr1/v1/EnrollReply.ts';
import { askEnrolment } from './ask-enrolment.ts';
import { fetchAndPinCa } from './ca-pin.ts';
import { createCsr } from './keys.ts';
import type { IdentityStore, NodeIdentity } from './store.ts';
import type { JoinToken } from './token.ts';

export interface EnrollRequest {
  readonly token: JoinToken;
  readonly host: string;
  /** Enrolment port of the coordinator. */
  readonly port: number;
  /** What the node says of itself. */
  readonly hostname: string;
  /** Name that the operator asked for, empty = hostname. */
  readonly nodeName: string;
  readonly bootId: string;
  readonly fingerprint: string;
  readonly agentVersion: string;
  readonly timeoutMs?: number;
}

export interface EnrollDeps {
  readonly services: Services;
  readonly store: IdentityStore;
  readonly nowMs: () => number;
}

/**
 * Joins and stores the identity. A repeat after a lost reply uses the same key, which does not cost another use of the token.
 * @throws CA_MISMATCH, TOKEN_*, CLOCK_SKEW, VERSION_SKEW, DUPLICATE_IDENTITY, COORDINATOR_UNREACHABLE, TIMEOUT
 */
export async function enroll(request: EnrollRequest, deps: EnrollDeps): Promise<NodeIdentity> {
  const timeoutMs = request.timeoutMs ?? 20_000;
  const caPem = await fetchAndPinCa(request.host, request.port, request.token.caHashes, {
    timeoutMs,
    nowMs: deps.nowMs(),
  });
  const privateKeyPem = deps.store.pendingKeyPem();
  const reply = await callEnroll(request, deps, caPem, await createCsr(privateKeyPem), timeoutMs);
  const identity: NodeIdentity = {
    nodeId: reply.nodeId,
    nodeName: reply.nodeName,
    clusterId: reply.clusterId,
    servers: [`${bracketed(request.host)}:${reply.sessionPort}`],
    joinServers: [`${bracketed(request.host)}:${request.port}`],
    privateKeyPem,
    certificatePem: reply.certificatePem,
    caPem: reply.caPem,
  };
  checkReply(identity);
  deps.store.save(identity);
  deps.store.dropPendingKey();
  return identity;
}

async function callEnroll(
  { token, hostname, nodeName, bootId, fingerprint, agentVersion, host, port }: EnrollRequest,
  { services, nowMs }: EnrollDeps,
  caPem: string,
  csrDer: Uint8Array,
  timeoutMs: number,
) {
  const message = {
    tokenId: token.id,
    tokenSecret: token.secret,
    csrDer,
    hostname,
    nodeName,
    bootId,
    fingerprint,
    agentVersion,
    clockMs: Math.round(nowMs()),
  };
  const server = { address: `${bracketed(host)}:${port}`, caPem, clusterId: null };
  return askEnrolment<EnrollReply__Output>(services, server, timeoutMs, (client, options, done) =>
    client.enroll(message, options, done),
  );
}

/** What is stored must work at the next start: the certificate names this node, and the cluster is the one that answered. */
function checkReply(identity: NodeIdentity): void {
  const names = uriNames(new X509Certificate(identity.certificatePem).subjectAltName);
  const expected = nodeUri(identity.clusterId, identity.nodeId);
  if (!names.includes(expected)) {
    throw new Dsr1Error(
      'INTERNAL',
      `the certificate that came is for ${names.join(', ') || 'nobody'}, expected ${expected}`,
      {
        hint: `the coordinator's own name is ${coordinatorUri(identity.clusterId)}; check that both programs have one version`,
      },
    );
  }
}

const bracketed = (host: string): string =>
  host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
