/** Whether a certificate may open a session now. */
import type { Clock } from '@dsr1/shared/clock';
import { Dsr1Error } from '@dsr1/shared/errors';
import type { EventLog } from '../events/event-log.ts';
import { duplicateError } from '../nodes/duplicates.ts';
import type { Registry } from '../nodes/registry.ts';
import type { CertificateRow, CertificateStore } from '../store/store.ts';
import type { PeerCertificateNames } from './peer.ts';

export interface AdmissionDeps {
  readonly certificates: Pick<CertificateStore, 'bySerial'>;
  readonly registry: Registry;
  readonly events: EventLog;
  readonly clock: Clock;
}

/**
 * The certificate's row; `graceMs` after its end it is still taken. Only NODE_REMOVED tells an agent to forget its identity: a coordinator that merely does not know
 * it (an old backup was restored) must not stop anybody's engines.
 * @throws UNAUTHENTICATED, NODE_REMOVED, DUPLICATE_IDENTITY
 */
export async function admitPeer(
  { certificates, registry, events, clock }: AdmissionDeps,
  peer: PeerCertificateNames,
  graceMs = 0,
): Promise<CertificateRow> {
  const row = await certificates.bySerial(peer.serial);
  if (row === null || row.nodeId !== peer.nodeId) {
    throw new Dsr1Error('UNAUTHENTICATED', `this coordinator did not issue certificate ${peer.serial}`, {
      hint: 'its database may be older than the certificate; join the node again with a new token',
    });
  }
  const record = registry.byId(row.nodeId);
  if (record === null) throw new Dsr1Error('NODE_REMOVED', 'the node was removed from the cluster');
  const { name, quarantine } = record.row;
  if (quarantine !== null) throw duplicateError(name);
  if (row.revokedAtMs !== null) {
    events.record({
      level: 'error',
      kind: 'node.stale-certificate',
      node: name,
      message: `a host used a replaced certificate of node ${name}: its state was copied or restored`,
      data: { serial: row.serial, generation: row.generation },
    });
    throw new Dsr1Error(
      'DUPLICATE_IDENTITY',
      `certificate ${row.generation} of node ${name} was replaced by a newer one that is in use`,
      {
        hint: 'this host works with a copy of the identity: delete its state directory and join it with a new token',
      },
    );
  }
  if (row.notAfterMs + graceMs <= clock.wallMs()) throw expired(row);
  return row;
}

/** For messages on a stream that was opened before the certificate ended: TLS looks only once. */
export function checkStillAdmitted(
  { registry, clock }: Pick<AdmissionDeps, 'registry' | 'clock'>,
  row: CertificateRow,
): void {
  if (registry.byId(row.nodeId) === null)
    throw new Dsr1Error('NODE_REMOVED', 'the node was removed from the cluster');
  if (row.notAfterMs <= clock.wallMs()) throw expired(row);
}

const expired = (row: CertificateRow): Dsr1Error =>
  new Dsr1Error(
    'UNAUTHENTICATED',
    `the node's certificate expired at ${new Date(row.notAfterMs).toISOString()}`,
    {
      hint: 'check the clocks; if the node was away for long, join it again with a new token: it keeps its identity',
    },
  );
