/**
 * Join token: `DJ1<64 hex sha256 of the CA's public key>[,<64 hex>…]::<id>.<secret>`. The hash pins the CA before the
 * secret leaves the host; two hashes while a CA is being replaced. Pinning the key (SPKI, as RFC 7469 does) rather than
 * the certificate's text keeps tokens valid over a re-issued CA certificate.
 */
import { Dsr1Error } from '../errors.ts';

export interface JoinToken {
  /** SHA-256 of acceptable CA public keys (SPKI, DER), lower-case hex. */
  readonly caHashes: readonly string[];
  /** Public half, shown in lists: 8 characters. */
  readonly id: string;
  /** 256 bit, base64url, 43 characters. */
  readonly secret: string;
}

const FORM = /^DJ1([0-9a-f]{64}(?:,[0-9a-f]{64}){0,3})::([a-z0-9]{8})\.([A-Za-z0-9_-]{43})$/;

export const formatJoinToken = (token: JoinToken): string =>
  `DJ1${token.caHashes.join(',')}::${token.id}.${token.secret}`;

/** @throws TOKEN_INVALID, whose message never repeats the text given. */
export function parseJoinToken(text: string): JoinToken {
  const [, hashes, id, secret] = FORM.exec(text.trim()) ?? [];
  if (hashes === undefined || id === undefined || secret === undefined) {
    throw new Dsr1Error(
      'TOKEN_INVALID',
      `the join token has another form than DJ1<64 hex>::<id>.<secret> (${describe(text.trim())})`,
      { hint: 'copy the whole line that `dsr1ctl token create` printed' },
    );
  }
  return { caHashes: hashes.split(','), id, secret };
}

function describe(text: string): string {
  if (text === '') return 'it is empty';
  if (!text.startsWith('DJ1')) return 'it does not begin with DJ1';
  if (/\s/.test(text)) return 'it contains white space';
  if (!text.includes('::')) return 'it has no "::"';
  return `${text.length} characters; a token with one hash has 121`;
}
