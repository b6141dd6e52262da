/**
 * Pins the coordinator's CA by the hash in the join token. The first connection is made without verification and only
 * reads the chain: nothing is sent on it. Every later connection trusts exactly the pinned root.
 */
import { createHash, timingSafeEqual, type X509Certificate } from 'node:crypto';
import { connect, type TLSSocket } from 'node:tls';
import { Dsr1Error } from '../errors.ts';
import { SERVER_NAME } from '../rpc/names.ts';

/** SHA-256 of the public key (SPKI, DER) of a certificate, lower-case hex. */
export function spkiSha256Hex(certificate: X509Certificate): string {
  return createHash('sha256')
    .update(certificate.publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

/**
 * The PEM of the self-signed root in the chain of `host:port` whose key has one of the hashes.
 * @throws CA_MISMATCH, CLOCK_SKEW, COORDINATOR_UNREACHABLE, TIMEOUT
 */
export async function fetchAndPinCa(
  host: string,
  port: number,
  caHashes: readonly string[],
  options: { readonly timeoutMs?: number; readonly nowMs?: number } = {},
): Promise<string> {
  const chain = await readChain(host, port, options.timeoutMs ?? 10_000);
  const root = chain.find(
    (certificate) => certificate.ca && caHashes.some((hash) => sameHash(hash, spkiSha256Hex(certificate))),
  );
  if (root === undefined) {
    const found = chain
      .filter((certificate) => certificate.ca)
      .map((certificate) => spkiSha256Hex(certificate));
    throw new Dsr1Error(
      'CA_MISMATCH',
      `the CA of ${host}:${port} is not the one in the join token: expected ${caHashes.join(' or ')}, found ${found.join(', ') || 'no CA in its chain'}`,
      {
        hint: 'wrong server, an old token, or someone in between: make a new token on the coordinator; the secret was not sent',
      },
    );
  }
  checkClock(chain, options.nowMs ?? Date.now(), `${host}:${port}`);
  return root.toString();
}

function sameHash(expectedHex: string, actualHex: string): boolean {
  const [expected, actual] = [Buffer.from(expectedHex, 'hex'), Buffer.from(actualHex, 'hex')];
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

function checkClock(chain: readonly X509Certificate[], nowMs: number, peer: string): void {
  for (const certificate of chain) {
    const [from, to] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
    if (nowMs >= from && nowMs <= to) continue;
    throw new Dsr1Error(
      'CLOCK_SKEW',
      `this host's clock says ${iso(nowMs)}, but the certificate of ${peer} is valid from ${iso(from)} to ${iso(to)}`,
      { hint: 'set the clock (`timedatectl set-ntp true`) on the host that is wrong, then join again' },
    );
  }
}

const iso = (ms: number): string => new Date(ms).toISOString();

async function readChain(host: string, port: number, timeoutMs: number): Promise<readonly X509Certificate[]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly X509Certificate[]>();
  const socket = connect({
    host,
    port,
    servername: SERVER_NAME,
    ALPNProtocols: ['h2', 'http/1.1'],
    rejectUnauthorized: false,
  });
  const timer = setTimeout(() => {
    reject(new Dsr1Error('TIMEOUT', `${host}:${port} did not finish a TLS handshake within ${timeoutMs} ms`));
  }, timeoutMs);
  socket.once('secureConnect', () => resolve(peerChain(socket)));
  socket.on('error', (cause: NodeJS.ErrnoException) => {
    reject(
      new Dsr1Error(
        'COORDINATOR_UNREACHABLE',
        `no TLS connection to ${host}:${port} (${cause.code ?? cause.message})`,
        {
          cause,
          hint: 'check the address, that the coordinator runs, and that this host may reach its join port',
        },
      ),
    );
  });
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

/** Leaf first; at most 8 certificates, each once. */
function peerChain(socket: TLSSocket): readonly X509Certificate[] {
  const chain: X509Certificate[] = [];
  let next: X509Certificate | undefined = socket.getPeerX509Certificate();
  while (next !== undefined && chain.length < 8 && next.fingerprint256 !== chain.at(-1)?.fingerprint256) {
    chain.push(next);
    next = next.issuerCertificate;
  }
  return chain;
}
