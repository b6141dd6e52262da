/** One coordinator, wired: store, CA, nodes, deployments, listeners. Nothing here decides anything. */
import { randomBytes } from 'node:crypto';
import type { Clock } from '@dsr1/shared/clock';
import { Dsr1Error } from '@dsr1/shared/errors';
import type { Logger } from '@dsr1/shared/logger';
import { hostPort, isLoopback, primaryAddress } from './addresses.ts';
import { createAsk } from './checks/ask.ts';
import { createRehearse } from './checks/rehearse.ts';
import { createCheckRuns } from './checks/runs.ts';
import { type Cleanup, createCleanup } from './cleanup.ts';
import type { CoordinatorConfig } from './config.ts';
import { createDeployments } from './deployments/deployments.ts';
import { createPlanner } from './deployments/planner.ts';
import { systemTimers } from './deployments/timers.ts';
import { createEventLog } from './events/event-log.ts';
import { checkCaIsThere, checkCluster, ensureAdminKey } from './first-start.ts';
import { type CertificateAuthority, caPath, openCa } from './join/ca.ts';
import { createTokens, type Tokens } from './join/tokens.ts';
import { type ListenerPorts, startListeners } from './listeners.ts';
import { collectFacts } from './nodes/collect-facts.ts';
import { takeLeadership } from './nodes/leader-epoch.ts';
import { loadRegistry } from './nodes/registry.ts';
import { createSessionHub, type SessionHub } from './nodes/session-hub.ts';
import { plan } from './plan/plan.ts';
import { defaultPolicy } from './reconcile/model.ts';
import { openSqliteStore } from './store/sqlite/open-store.ts';
import type { Store } from './store/store.ts';

export interface Coordinator {
  readonly clusterId: string;
  /** The admin key was made by this start. */
  readonly firstStart: boolean;
  readonly ports: ListenerPorts;
  /** Base URL of the HTTP API as others reach it. */
  readonly url: string;
  readonly tokens: Tokens;
  readonly hub: SessionHub;
  /** Ends streams, finishes what was begun, releases the state directory. */
  close(): Promise<void>;
}

/** @throws STATE_LOCKED, STATE_CORRUPT, PORT_TAKEN, CONFIG_INVALID, DISK_FULL */
export async function startCoordinator(
  config: CoordinatorConfig,
  { log, clock }: { readonly log: Logger; readonly clock: Clock },
): Promise<Coordinator> {
  refuseClearText(config);
  const cleanup = createCleanup();
  try {
    return await assemble(config, log, clock, cleanup);
  } catch (error) {
    await cleanup.run();
    throw error;
  }
}

async function assemble(
  config: CoordinatorConfig,
  log: Logger,
  clock: Clock,
  cleanup: Cleanup,
): Promise<Coordinator> {
  const store = openSqliteStore(config.stateDir);
  cleanup.add(() => store.close());
  const ca = await openClusterCa(store, config.stateDir, clock.wallMs());
  const firstStart = await ensureAdminKey(store, config.stateDir, clock);

  const events = createEventLog({ store: store.events, clock, log, keep: config.eventsKept });
  cleanup.add(() => events.close());
  const registry = await loadRegistry({ store: store.nodes, clock, policy: config });
  const leader = await takeLeadership(store.meta);
  const hub = createSessionHub({
    registry,
    store,
    events,
    clock,
    leader,
    log: log.child({ part: 'nodes' }),
    heartbeatIntervalMs: config.heartbeatIntervalMs,
  });
  const tick = setInterval(() => hub.tick(), Math.min(1000, config.heartbeatIntervalMs));
  cleanup.add(() => clearInterval(tick));

  const planner = createPlanner({ store: store.deployments, hub, plan });
  const checks = createCheckRuns({
    ask: createAsk(hub),
    collect: async (nodeId) => {
      await collectFacts(hub, nodeId);
      const view = hub.nodes().find(({ id }) => id === nodeId);
      if (view !== undefined) return view;
      throw new Dsr1Error('NODE_NOT_FOUND', 'the node was removed meanwhile');
    },
    figures: store.figures,
    clock,
  });
  const deployments = await createDeployments({
    store: store.deployments,
    hub,
    planner,
    rehearse: createRehearse({ runs: checks, planner, nodes: hub.nodes }),
    events,
    clock,
    timers: systemTimers,
    log: log.child({ part: 'deployments' }),
    policy: defaultPolicy,
    tickMs: DEPLOYMENT_TICK_MS,
    newApiKey: () => `sk-${randomBytes(24).toString('base64url')}`,
  });
  const ports: ListenerPorts = { http: 0, join: 0, session: 0 };
  const tokens = createTokens({
    store: store.tokens,
    clock,
    caHash: ca.spkiHash,
    joinAddress: () => hostPort(primaryAddress(config), ports.join),
  });
  const parts = { config, log, clock, store, ca, events, registry, leader, hub, tokens, deployments, checks };
  await startListeners(parts, ports, cleanup);
  await deployments.loop.start();
  cleanup.add(() => deployments.loop.stop());
  const url = `${config.httpTls ? 'https' : 'http'}://${hostPort(primaryAddress(config), ports.http)}`;
  return { clusterId: ca.clusterId, firstStart, ports, url, tokens, hub, close: cleanup.run };
}

/** Every deployment is looked at this often even if nothing seems to change. */
const DEPLOYMENT_TICK_MS = 5_000;

/** Database and CA belong together. */
async function openClusterCa(store: Store, stateDir: string, nowMs: number): Promise<CertificateAuthority> {
  await checkCaIsThere(store, stateDir, caPath(stateDir));
  const ca = await openCa(stateDir, nowMs);
  await checkCluster(store, stateDir, ca.clusterId);
  return ca;
}

function refuseClearText({ httpTls, listen }: CoordinatorConfig): void {
  if (httpTls || isLoopback(listen)) return;
  throw new Dsr1Error(
    'CONFIG_INVALID',
    `httpTls is off and listen is ${listen}: API keys would travel in clear`,
    {
      hint: 'leave httpTls on, or listen on 127.0.0.1',
    },
  );
}
