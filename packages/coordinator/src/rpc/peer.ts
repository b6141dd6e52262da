/** Who is at the other end of a gRPC call. TLS proves it at the handshake only, so sessions look again at every message. */

import { Dsr1Error } from '@dsr1/shared/errors';
import { nodeUri, uriNames } from '@dsr1/shared/rpc/names';
import type { ServerUnaryCall } from '@grpc/grpc-js';

export interface PeerCertificateNames {
  /** Lower-case hex. */
  readonly serial: string;
  readonly nodeId: string;
}

type Call = Pick<ServerUnaryCall<unknown, unknown>, 'getAuthContext' | 'getPeer'>;

/** @throws UNAUTHENTICATED when the certificate is no node's of this cluster */
export const peerNode = (call: Call, clusterId: string): PeerCertificateNames =>
  nodeNamed(call.getAuthContext().sslPeerCertificate, clusterId);

/** @throws UNAUTHENTICATED, as peerNode */
export function nodeNamed(
  certificate: { readonly serialNumber: string; readonly subjectaltname?: string | undefined } | undefined,
  clusterId: string,
): PeerCertificateNames {
  const prefix = nodeUri(clusterId, '');
  const name = uriNames(certificate?.subjectaltname).find((uri) => uri.startsWith(prefix));
  if (certificate === undefined || name === undefined) {
    throw new Dsr1Error(
      'UNAUTHENTICATED',
      `the client certificate is not of a node of this cluster (expected ${prefix}<id>)`,
      {
        hint: 'join the node to this cluster: `dsr1ctl token create` prints the line',
      },
    );
  }
  return { serial: certificate.serialNumber.toLowerCase(), nodeId: name.slice(prefix.length) };
}

/** The peer's IP address without its port. */
export const peerAddress = (call: Call): string => call.getPeer().replace(/:\d+$/, '');
