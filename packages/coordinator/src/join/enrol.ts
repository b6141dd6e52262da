/** One enrolment: token and certificate request in, node certificate out. All or nothing, and safe to repeat. */
import { randomBytes } from 'node:crypto';
import type { Clock } from '@dsr1/shared/clock';
import { Dsr1Error } from '@dsr1/shared/errors';
import { NAME_PATTERN } from '@dsr1/shared/spec/deployment';
import { sameMajor, VERSION } from '@dsr1/shared/version';
import type { EventLog } from '../events/event-log.ts';
import type { Registry } from '../nodes/registry.ts';
import type { Store } from '../store/store.ts';
import type { CertificateAuthority } from './ca.ts';
import { type CertificateRequest, issueNodeCertificate, readCsr } from './certificates.ts';
import { identityOf } from './identity-of.ts';
import { checkSecret, tokenRefusal } from './tokens.ts';

export interface EnrolRequest {
  readonly tokenId: string;
  readonly tokenSecret: string;
  readonly csrDer: Uint8Array;
  readonly hostname: string;
  readonly fingerprint: string;
  readonly agentVersion: string;
  readonly clockMs: number;
  /** Empty: the host name. */
  readonly nodeName: string;
}

export interface EnrolReply {
  readonly nodeId: string;
  readonly nodeName: string;
  readonly certificatePem: string;
}

export interface EnrolDeps {
  readonly store: Pick<Store, 'tokens' | 'enrolments' | 'certificates'>;
  readonly registry: Registry;
  readonly ca: CertificateAuthority;
  readonly events: EventLog;
  readonly clock: Clock;
  readonly certificateTtlMs: number;
}

const MAX_SKEW_MS = 5 * 60_000;

/** @throws TOKEN_*, VERSION_SKEW, CLOCK_SKEW, INVALID_ARGUMENT, ALREADY_EXISTS, NODE_REMOVED */
export async function enrol(deps: EnrolDeps, request: EnrolRequest): Promise<EnrolReply> {
  const { store, clock, registry } = deps;
  const nowMs = clock.wallMs();
  const token = await checkSecret(store.tokens, request.tokenId, request.tokenSecret);
  const csr = await readCsr(request.csrDer);
  // A lost reply does not burn the token: the same key gets the same answer.
  const replied = await store.enrolments.replied(token.id, csr.spkiHash);
  if (replied !== null) return repeated(registry, replied);
  const refusal = tokenRefusal(token, nowMs);
  if (refusal !== null) throw refusal;
  checkVersion(request.agentVersion);
  checkClock(request.clockMs, nowMs);
  return admit(deps, request, csr, nowMs);
}

async function admit(
  deps: EnrolDeps,
  request: EnrolRequest,
  csr: CertificateRequest,
  nowMs: number,
): Promise<EnrolReply> {
  const { store, registry, ca, events } = deps;
  const name = nodeName(request);
  const { fingerprint, hostname, agentVersion } = request;
  const identity = identityOf(
    { fingerprint, name },
    knownNodes(registry),
    (await store.certificates.bySpki(csr.spkiHash))?.nodeId ?? null,
  );
  if (identity.kind === 'refused') throw nameTaken(identity.name, identity.because, identity.hint);
  const id = identity.kind === 'known' ? identity.id : `n-${randomBytes(8).toString('hex')}`;
  const certificate = await issueNodeCertificate(ca, csr, { id, ttlMs: deps.certificateTtlMs, nowMs });
  const outcome = await store.enrolments.admit({
    tokenId: request.tokenId,
    atMs: nowMs,
    node: { id, name, fingerprint, hostname, agentVersion },
    certificate,
  });
  switch (outcome.kind) {
    case 'name-taken':
      throw nameTaken(name, 'another host took that name a moment ago', 'join with another name (`--name`)');
    case 'token-refused': {
      // It was good a moment ago, so another host was faster, or an operator.
      const now = await store.tokens.get(request.tokenId);
      throw (
        (now && tokenRefusal(now, nowMs)) ??
        new Dsr1Error('TOKEN_USED', `join token ${request.tokenId} has no use left`)
      );
    }
    case 'admitted':
      registry.byId(id)?.session?.close(new Dsr1Error('STALE_EPOCH', 'the node joined anew'));
      registry.put(outcome.node);
      events.record({
        kind: 'node.joined',
        node: name,
        message:
          identity.kind === 'new' ? `node ${name} joined` : `node ${name} joined again (${identity.because})`,
        data: { nodeId: id, token: request.tokenId, hostname },
      });
      registry.changed(id);
      return { nodeId: id, nodeName: name, certificatePem: certificate.pem };
  }
}

function repeated(
  registry: Registry,
  replied: { readonly nodeId: string; readonly certificatePem: string },
): EnrolReply {
  const record = registry.byId(replied.nodeId);
  if (record !== null)
    return { nodeId: replied.nodeId, nodeName: record.row.name, certificatePem: replied.certificatePem };
  throw new Dsr1Error('NODE_REMOVED', 'the node that joined with this token and key was removed', {
    hint: 'make a new token: `dsr1ctl token create`',
  });
}

const knownNodes = (registry: Registry) => [
  ...registry.all().map(({ row, session }) => ({ row, connected: session !== null })),
  ...registry.removed().map((row) => ({ row, connected: false })),
];

/** The name asked for must be one; a host name is made one. */
function nodeName({ nodeName: asked, hostname }: EnrolRequest): string {
  const name =
    asked !== ''
      ? asked
      : (hostname.split('.')[0] ?? '')
          .toLowerCase()
          .replace(/[^a-z0-9-]/g, '-')
          .replace(/^-+|-+$/g, '')
          .slice(0, 63);
  if (new RegExp(NAME_PATTERN).test(name)) return name;
  throw new Dsr1Error(
    'INVALID_ARGUMENT',
    `${JSON.stringify(name)} cannot be a node name: expected ${NAME_PATTERN}`,
    { hint: 'name the node: `dsr1ctl join --name NAME`' },
  );
}

function checkVersion(agentVersion: string): void {
  if (sameMajor(agentVersion, VERSION)) return;
  throw new Dsr1Error(
    'VERSION_SKEW',
    `the agent is version ${agentVersion}, the coordinator ${VERSION}: their major versions must agree`,
    {
      hint: 'install the version of the coordinator on this node',
    },
  );
}

/** @throws CLOCK_SKEW */
export function checkClock(nodeMs: number, ourMs: number): void {
  if (Math.abs(nodeMs - ourMs) <= MAX_SKEW_MS) return;
  const [node, ours] = [nodeMs, ourMs].map((ms) => new Date(ms).toISOString());
  throw new Dsr1Error(
    'CLOCK_SKEW',
    `the node's clock says ${node}, the coordinator's ${ours}: more than 5 minutes apart`,
    {
      hint: 'set the clock (`timedatectl set-ntp true`) on the host that is wrong, then join again',
      details: { node, coordinator: ours },
    },
  );
}

const nameTaken = (name: string, because: string, hint: string): Dsr1Error =>
  new Dsr1Error('ALREADY_EXISTS', `the node name ${name} is taken: ${because}`, { hint });
