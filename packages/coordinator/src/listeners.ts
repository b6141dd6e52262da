/** The three doors: sessions (mutual TLS), enrolment (token), HTTP API (keys). */
import type { AddressInfo } from 'node:net';
import type { Clock } from '@dsr1/shared/clock';
import type { Logger } from '@dsr1/shared/logger';
import { loadServices } from '@dsr1/shared/rpc/services';
import { VERSION } from '@dsr1/shared/version';
import { allAddresses } from './addresses.ts';
import { createChecks } from './checks/checks.ts';
import type { CheckRuns } from './checks/runs.ts';
import type { Cleanup } from './cleanup.ts';
import type { CoordinatorConfig } from './config.ts';
import type { Deployments } from './deployments/deployments.ts';
import type { EventLog } from './events/event-log.ts';
import type { ApiServer } from './http/api-server.ts';
import { rootRoutes, versionRoute } from './http/routes/about.ts';
import { checkRoutes } from './http/routes/checks.ts';
import { deploymentRoutes } from './http/routes/deployments.ts';
import { eventRoutes } from './http/routes/events.ts';
import { fitRoutes } from './http/routes/fit.ts';
import { keyRoutes } from './http/routes/keys.ts';
import { logRoutes } from './http/routes/logs.ts';
import { modelRoutes } from './http/routes/models.ts';
import { nodeRoutes } from './http/routes/nodes.ts';
import { planRoutes } from './http/routes/plans.ts';
import { tokenRoutes } from './http/routes/tokens.ts';
import { createHttpServer } from './http/server.ts';
import type { CertificateAuthority } from './join/ca.ts';
import { issueServerIdentity } from './join/certificates.ts';
import { enrol } from './join/enrol.ts';
import { renew } from './join/renew.ts';
import { renewExpired } from './join/renew-expired.ts';
import type { Tokens } from './join/tokens.ts';
import { createMetrics } from './metrics.ts';
import { createFit } from './models/fit.ts';
import { createModels } from './models/models.ts';
import { createCollectFabricTexts } from './nodes/fabric-texts.ts';
import type { LeaderEpoch } from './nodes/leader-epoch.ts';
import { createNodeOperations } from './nodes/operations.ts';
import type { Registry } from './nodes/registry.ts';
import type { SessionHub } from './nodes/session-hub.ts';
import { enrolmentService } from './rpc/enrolment-service.ts';
import { createRateLimit } from './rpc/rate-limit.ts';
import { portError, type ServerIdentity, startEnrolmentServer, startSessionServer } from './rpc/servers.ts';
import { sessionService } from './rpc/session-service.ts';
import type { Store } from './store/store.ts';

export interface ListenerPorts {
  http: number;
  join: number;
  session: number;
}

export interface Parts {
  readonly config: CoordinatorConfig;
  readonly log: Logger;
  readonly clock: Clock;
  readonly store: Store;
  readonly ca: CertificateAuthority;
  readonly events: EventLog;
  readonly registry: Registry;
  readonly leader: LeaderEpoch;
  readonly hub: SessionHub;
  readonly tokens: Tokens;
  readonly deployments: Deployments;
  readonly checks: CheckRuns;
}

/** Fills in the ports that were bound. @throws PORT_TAKEN */
export async function startListeners(parts: Parts, ports: ListenerPorts, cleanup: Cleanup): Promise<void> {
  const identity = await issueServerIdentity(parts.ca, allAddresses(parts.config), parts.clock.wallMs());
  await startGrpc(parts, ports, identity, cleanup);
  await startHttp(parts, ports, identity, cleanup);
}

async function startGrpc(
  parts: Parts,
  ports: ListenerPorts,
  identity: ServerIdentity,
  cleanup: Cleanup,
): Promise<void> {
  const { config, log, clock, store, ca, events, registry, hub } = parts;
  const { clusterId, certificatePem: caPem } = ca;
  const certificateTtlMs = config.certificateTtlSeconds * 1000;
  const services = loadServices();
  const listener = { listen: config.listen, identity };

  const sessions = sessionService({
    hub,
    registry,
    events,
    clock,
    clusterId,
    certificates: store.certificates,
    renew: (nodeId, csrDer) =>
      renew({ ca, certificates: store.certificates, clock, certificateTtlMs }, nodeId, csrDer),
    log: log.child({ part: 'session' }),
  });
  const sessionServer = await startSessionServer(services, sessions, {
    ...listener,
    port: config.sessionPort,
    caPem,
  });
  cleanup.add(() => sessionServer.close());
  ports.session = sessionServer.port;

  const enrolment = enrolmentService({
    renewExpired: (request) =>
      renewExpired(
        { registry, events, clock, ca, certificates: store.certificates, certificateTtlMs },
        request,
      ),
    enrol: (request) => enrol({ store, registry, ca, events, clock, certificateTtlMs }, request),
    limit: createRateLimit(config.joinsPerMinute, clock),
    clusterId,
    caPem,
    sessionPort: () => ports.session,
    log: log.child({ part: 'enrolment' }),
  });
  const enrolmentServer = await startEnrolmentServer(services, enrolment, {
    ...listener,
    port: config.joinPort,
  });
  cleanup.add(() => enrolmentServer.close());
  ports.join = enrolmentServer.port;
}

async function startHttp(
  parts: Parts,
  ports: ListenerPorts,
  identity: ServerIdentity,
  cleanup: Cleanup,
): Promise<void> {
  const { config, log, clock, store, ca, events, registry, leader, hub, tokens, deployments } = parts;
  const nodes = createNodeOperations({
    registry,
    hub,
    store,
    events,
    clock,
    deploymentsOn: deployments.service.onNode,
  });
  const checks = createChecks({
    runs: parts.checks,
    nodes: hub.nodes,
    deployments: deployments.service,
    events,
  });
  const http = await createHttpServer({
    keys: store.keys,
    log: log.child({ part: 'http' }),
    tls: config.httpTls ? identity : null,
    requestsPerMinute: config.requestsPerMinute,
    rootModules: [rootRoutes(createMetrics(registry, leader.current))],
    modules: [
      versionRoute({ version: VERSION, clusterId: ca.clusterId, clusterName: config.clusterName }),
      tokenRoutes(tokens),
      keyRoutes({ keys: store.keys, clock }),
      nodeRoutes(nodes, createCollectFabricTexts(registry, hub)),
      eventRoutes(events),
      planRoutes(deployments.service),
      deploymentRoutes(deployments.service),
      logRoutes(deployments.logs),
      fitRoutes(createFit(hub)),
      modelRoutes(createModels({ hub, deployments: deployments.service })),
      checkRoutes(checks),
    ],
  });
  cleanup.add(() => closeHttp(http));
  await http.listen({ host: config.listen, port: config.httpPort }).catch((cause: Error) => {
    throw portError(config.listen, config.httpPort, cause);
  });
  ports.http = (http.server.address() as AddressInfo).port;
}

/** Event streams end by themselves; whatever else is still answering is cut. */
async function closeHttp(http: ApiServer): Promise<void> {
  const timer = setTimeout(() => http.server.closeAllConnections(), CLOSE_GRACE_MS);
  await http.close();
  clearTimeout(timer);
}

const CLOSE_GRACE_MS = 2_000;
