/** Keeps one session alive: dials the coordinator's addresses in turn, with full jitter between tries, for ever. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type BackoffPolicy, backoffMs } from '@dsr1/shared/backoff';
import { type Dsr1Error, toDsr1Error } from '@dsr1/shared/errors';
import { renewExpired } from '@dsr1/shared/identity/renew-expired';
import { validityOf } from '@dsr1/shared/identity/renewal';
import type { IdentityStore, NodeIdentity } from '@dsr1/shared/identity/store';
import type { Logger } from '@dsr1/shared/logger';
import { CLIENT_OPTIONS, clientCredentials } from '@dsr1/shared/rpc/channel';
import type { Services } from '@dsr1/shared/rpc/services';
import { explainConnection } from './explain.ts';
import { runSession, type SessionDeps, type SessionEnd } from './session.ts';
import type { StatusFile } from './status-file.ts';

export interface ConnectDeps {
  readonly session: SessionDeps;
  readonly services: Services;
  readonly store: Pick<IdentityStore, 'save'>;
  readonly status: StatusFile;
  readonly log: Logger;
}

const RECONNECT: BackoffPolicy = { baseMs: 1_000, maxMs: 30_000 };

/**
 * Runs until `signal` aborts (null), or until the coordinator says that the node was removed (the reason). Everything else
 * is tried again: an error of the coordinator must never cost a rank that serves.
 */
export async function keepSession(
  first: NodeIdentity,
  deps: ConnectDeps,
  signal: AbortSignal,
): Promise<string | null> {
  const { log, status } = deps;
  let identity = first;
  let tries = 0;
  for (let turn = 0; !signal.aborted; turn++) {
    const expired = hasExpired(identity, deps.session.clock.wallMs());
    const servers = expired ? identity.joinServers : identity.servers;
    const server = servers[turn % servers.length] ?? '';
    const end = await (expired ? renewed : dial)(server, identity, deps, signal);
    if (signal.aborted) break;
    if (end.kind === 'removed') return end.reason;
    if (end.kind === 'renewed') {
      identity = end.identity;
      saveIdentity(identity, deps);
      turn--;
      continue;
    }
    tries = end.wasConnected ? 0 : tries + 1;
    const error = explainConnection(end.error, identity, deps.session.clock.wallMs());
    const delayMs = backoffMs(RECONNECT, Math.max(0, tries - 1), deps.session.random());
    tell(log, error, server, delayMs);
    status.disconnected(server, error);
    await sleep(delayMs, undefined, { signal }).catch(() => {});
  }
  return null;
}

/** An identity without join servers is of an old version: its session tells what is wrong. */
const hasExpired = ({ certificatePem, joinServers }: NodeIdentity, nowMs: number): boolean =>
  joinServers.length > 0 && validityOf(certificatePem).toMs <= nowMs;

async function renewed(server: string, identity: NodeIdentity, deps: ConnectDeps): Promise<SessionEnd> {
  try {
    const request = { services: deps.services, nowMs: deps.session.clock.wallMs() };
    return { kind: 'renewed', identity: await renewExpired(identity, server, request) };
  } catch (thrown) {
    return { kind: 'lost', error: toDsr1Error(thrown), wasConnected: false };
  }
}

async function dial(
  server: string,
  identity: NodeIdentity,
  deps: ConnectDeps,
  signal: AbortSignal,
): Promise<SessionEnd> {
  const { log, status } = deps;
  const credentials = clientCredentials({ caPem: identity.caPem, clusterId: identity.clusterId, identity });
  const client = new deps.services.Node(server, credentials, CLIENT_OPTIONS);
  const events = {
    connected: () => {
      log.info({ server }, 'session is up');
      status.connected(server);
    },
    factsSeen: status.factsSeen,
  };
  try {
    return await runSession(client.session(), server, identity, deps.session, events, signal);
  } finally {
    client.close();
  }
}

/** A full disk keeps the old identity on it; the new one is used from memory, and renewed again after a restart. */
function saveIdentity(identity: NodeIdentity, { store, log }: ConnectDeps): void {
  try {
    store.save(identity);
    log.info('the certificate of this node was renewed');
  } catch (thrown) {
    log.error({ err: toDsr1Error(thrown) }, 'the renewed certificate could not be stored');
  }
}

function tell(log: Logger, { code, message, hint }: Dsr1Error, server: string, retryInMs: number): void {
  log.warn(
    { server, code, reason: message, hint, retryInMs },
    'no session with the coordinator; ranks run on',
  );
}
