/** A real coordinator on loopback with a clock that tests move, and nodes that speak real gRPC to it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Clock } from '@dsr1/shared/clock';
import { loadConfig } from '@dsr1/shared/config';
import type { Dsr1Error } from '@dsr1/shared/errors';
import type { ClusterEvent } from '@dsr1/shared/http-api/resources';
import { enroll } from '@dsr1/shared/identity/enroll';
import { type NodeIdentity, openIdentityStore } from '@dsr1/shared/identity/store';
import { parseJoinToken } from '@dsr1/shared/identity/token';
import { createLogger } from '@dsr1/shared/logger';
import { loadServices } from '@dsr1/shared/rpc/services';
import { VERSION } from '@dsr1/shared/version';
import { CoordinatorConfig } from '../../src/config.ts';
import { startCoordinator } from '../../src/coordinator.ts';

export const services = loadServices();

/** The real clocks, plus what a test adds to them. */
export function movableClock(): Clock & { forward(ms: number): void } {
  let offsetMs = 0;
  return {
    wallMs: () => Date.now() + offsetMs,
    monotonicMs: () => performance.now() + offsetMs,
    forward: (ms) => {
      offsetMs += ms;
    },
  };
}

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of any shape
  readonly body: any;
  readonly headers: NodeJS.Dict<string | string[]>;
}

export type Cluster = Awaited<ReturnType<typeof startCluster>>;

interface TestContext {
  teardown(work: () => unknown): void;
}

/** A folder of its own for every call, gone after the test. */
export function freshDir(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'dsr1-test-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export async function startCluster(
  t: TestContext,
  settings: Partial<CoordinatorConfig> = {},
  stateDir = join(freshDir(t), 'state'),
) {
  const clock = movableClock();
  const flags = { stateDir, listen: '127.0.0.1', httpPort: 0, joinPort: 0, sessionPort: 0, ...settings };
  const { config } = loadConfig(CoordinatorConfig, {
    defaultFile: '/nonexistent/dsr1.yaml',
    envPrefix: 'DSR1_TEST_',
    env: {},
    flags,
  });
  const coordinator = await startCoordinator(config, { log: createLogger('test', 'silent'), clock });
  t.teardown(() => coordinator.close());
  const adminKey = readFileSync(join(stateDir, 'admin.key'), 'utf8').trim();
  const ca = readFileSync(join(stateDir, 'ca.crt'));

  const call = async (
    method: string,
    path: string,
    options: { key?: string | null; body?: unknown; raw?: string; headers?: Record<string, string> } = {},
  ) => {
    const { key = adminKey } = options;
    const payload = options.raw ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const outgoing = request(
      `https://127.0.0.1:${coordinator.ports.http}${path}`,
      {
        method,
        ca,
        agent: false,
        headers: {
          ...(key === null ? {} : { authorization: `Bearer ${key}` }),
          ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
          ...options.headers,
        },
      },
      (incoming) => {
        text(incoming).then((body) => {
          const json = String(incoming.headers['content-type']).startsWith('application/json');
          resolve({
            status: incoming.statusCode ?? 0,
            body: json ? JSON.parse(body) : body,
            headers: incoming.headers,
          });
        }, reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(payload);
    return promise;
  };
  return {
    coordinator,
    clock,
    stateDir,
    adminKey,
    caPem: ca.toString(),
    call,
    api: (method: string, path: string, body?: unknown) => call(method, `/api/v1${path}`, { body }),
    token: async (body: object = {}): Promise<string> =>
      (await call('POST', '/api/v1/tokens', { body })).body.token,
    events: async (kind: string): Promise<readonly ClusterEvent[]> =>
      (await call('GET', '/api/v1/events?after=0&limit=1000')).body.filter(
        (event: ClusterEvent) => event.kind === kind,
      ),
    close: () => coordinator.close(),
  };
}

export interface Host {
  readonly name: string;
  readonly stateDir: string;
  readonly fingerprint?: string;
  readonly agentVersion?: string;
  /** What its clock is off. */
  readonly skewMs?: number;
}

/** What `dsr1ctl join` does; a repeat with the same `stateDir` after a failure uses the same key. */
export function joinHost(cluster: Cluster, token: string, host: Host): Promise<NodeIdentity> {
  return enroll(
    {
      token: parseJoinToken(token),
      host: '127.0.0.1',
      port: cluster.coordinator.ports.join,
      hostname: host.name,
      nodeName: '',
      bootId: 'boot-1',
      fingerprint: host.fingerprint ?? `print-${host.name}`,
      agentVersion: host.agentVersion ?? VERSION,
    },
    {
      services,
      store: openIdentityStore(host.stateDir),
      nowMs: () => cluster.clock.wallMs() + (host.skewMs ?? 0),
    },
  );
}

/** The error that a promise ends with; a value is a failed test. */
export async function errorOf(work: Promise<unknown>): Promise<Dsr1Error> {
  const value = await work.then(
    () => null,
    (error: Dsr1Error) => error,
  );
  if (value === null) throw new Error('expected an error, found a value');
  return value;
}

/** Looks every 10 ms until `look` gives something, at most 5 s. */
export async function eventually<T>(look: () => T | Promise<T>, what: string): Promise<NonNullable<T>> {
  const untilMs = performance.now() + 5_000;
  while (performance.now() < untilMs) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`waited 5 s for ${what}`);
}
