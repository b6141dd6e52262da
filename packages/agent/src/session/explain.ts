/** Why there is no session, in words that lead somewhere: TLS says too little. */
import { Dsr1Error } from '@dsr1/shared/errors';
import { validityOf } from '@dsr1/shared/identity/renewal';
import type { NodeIdentity } from '@dsr1/shared/identity/store';

/** The same error, or the cause that this node can see: its own certificate, its clock, the server's name. */
export function explainConnection(
  error: Dsr1Error,
  identity: Pick<NodeIdentity, 'certificatePem' | 'nodeName'>,
  nowMs: number,
): Dsr1Error {
  if (error.code !== 'COORDINATOR_UNREACHABLE') return error;
  const { fromMs, toMs } = validityOf(identity.certificatePem);
  if (nowMs < fromMs) {
    return new Dsr1Error(
      'CLOCK_SKEW',
      `this host's clock says ${iso(nowMs)}, but its own certificate begins at ${iso(fromMs)}`,
      {
        cause: error,
        hint: 'set the clock: `timedatectl set-ntp true`',
      },
    );
  }
  if (nowMs > toMs) {
    return new Dsr1Error(
      'UNAUTHENTICATED',
      `the certificate of ${identity.nodeName} ended at ${iso(toMs)}, this host's clock says ${iso(nowMs)}`,
      {
        cause: error,
        hint: 'if the clock is right, join again: `dsr1ctl leave`, then `dsr1ctl join`; ranks run on meanwhile',
      },
    );
  }
  if (/certificate is not yet valid|CERT_NOT_YET_VALID|certificate has expired/.test(error.message)) {
    return new Dsr1Error(
      'CLOCK_SKEW',
      `the coordinator's certificate is not valid at ${iso(nowMs)}, this host's time`,
      {
        cause: error,
        hint: 'compare the clocks of both hosts (`timedatectl`)',
      },
    );
  }
  if (/self-signed certificate|unable to verify|certificate signature failure/.test(error.message)) {
    return new Dsr1Error(
      'CA_MISMATCH',
      'the server there has a certificate of another CA than the one this node joined',
      {
        cause: error,
        hint: 'if the coordinator was set up anew, join again: `dsr1ctl leave`, then `dsr1ctl join`; ranks run on meanwhile',
      },
    );
  }
  return error;
}

const iso = (ms: number): string => new Date(ms).toISOString();
