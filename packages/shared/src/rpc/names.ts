/** Names in certificates: a coordinator and its nodes are known by URIs, whatever their addresses are. */
import type { PeerCertificate } from 'node:tls';

/** TLS server name of every coordinator: its identity is a URI, so addresses may change freely. */
export const SERVER_NAME = 'dsr1-coordinator';

export const coordinatorUri = (clusterId: string): string => `dsr1://${clusterId}/coordinator`;
export const nodeUri = (clusterId: string, nodeId: string): string => `dsr1://${clusterId}/node/${nodeId}`;

/** The error that Node's TLS shall raise, or undefined when the certificate is a coordinator's (of `clusterId`, if given). */
export function checkCoordinator(certificate: PeerCertificate, clusterId: string | null): Error | undefined {
  const names = uriNames(certificate.subjectaltname);
  const expected = clusterId === null ? 'dsr1://<cluster>/coordinator' : coordinatorUri(clusterId);
  const fits = names.some((name) =>
    clusterId === null ? /^dsr1:\/\/[^/]+\/coordinator$/.test(name) : name === expected,
  );
  return fits
    ? undefined
    : new Error(
        `the server is not a coordinator: expected ${expected} in its certificate, found ${names.join(', ') || 'no URI name'}`,
      );
}

/** URI names of Node's `subjectaltname` text (`URI:a, DNS:b`). */
export function uriNames(subjectAltName: string | undefined): readonly string[] {
  return (subjectAltName ?? '')
    .split(', ')
    .filter((entry) => entry.startsWith('URI:'))
    .map((entry) => entry.slice('URI:'.length));
}
