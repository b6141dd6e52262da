/** A coordinator in this process: the real protocol over real mutual TLS, and everything that came is kept. */
import { mkdirSync } from 'node:fs';
import { createCsr, createPrivateKeyPem } from '@dsr1/shared/identity/keys';
import { type NodeIdentity, openIdentityStore } from '@dsr1/shared/identity/store';
import { SERVER_OPTIONS } from '@dsr1/shared/rpc/channel';
import { toServiceError } from '@dsr1/shared/rpc/errors';
import { loadServices } from '@dsr1/shared/rpc/services';
import { decodeFromAgent, encodeFromCoordinator } from '@dsr1/shared/wire/codec';
import type { AgentMessage__Output } from '@dsr1/shared/wire/generated/dsr1/v1/AgentMessage';
import type { CoordinatorMessage } from '@dsr1/shared/wire/generated/dsr1/v1/CoordinatorMessage';
import type {
  CommandAction,
  CommandResult,
  FromAgent,
  FromCoordinator,
  RankReport,
} from '@dsr1/shared/wire/messages';
import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { Test } from 'tap';
import { createTestCa, type TestCa } from '../../../shared/test/helpers/test-ca.ts';
import { waitFor } from './wait-for.ts';

type Stream = ServerDuplexStream<AgentMessage__Output, CoordinatorMessage>;
type Of<K extends FromAgent['kind']> = Extract<FromAgent, { kind: K }>;

export interface FakeCoordinator {
  readonly ca: TestCa;
  readonly port: number;
  /** Everything that came, of all sessions. */
  readonly received: FromAgent[];
  readonly streams: Stream[];
  /** How the next hellos are answered: a welcome with these changes, or an error. */
  welcome: Partial<Extract<FromCoordinator, { kind: 'welcome' }>> | Error;
  send(message: FromCoordinator): void;
  command(
    action: CommandAction,
    change?: { epoch?: number; leaderEpoch?: number; commandId?: string },
  ): Promise<CommandResult>;
  of<K extends FromAgent['kind']>(kind: K): Of<K>[];
  latestReport(): RankReport | undefined;
  close(): void;
}

const CLUSTER = 'c0ffee';

export async function fakeCoordinator(
  t: Test,
  options: { port?: number; ca?: TestCa } = {},
): Promise<FakeCoordinator> {
  const ca = options.ca ?? (await createTestCa(CLUSTER));
  const received: FromAgent[] = [];
  const streams: Stream[] = [];
  let commands = 0;
  const server = new Server(SERVER_OPTIONS);
  const answerHello = (stream: Stream): void => {
    if (fake.welcome instanceof Error) return void stream.emit('error', toServiceError(fake.welcome));
    const welcome = {
      kind: 'welcome',
      leaderEpoch: 1,
      heartbeatIntervalMs: 100,
      sendFacts: true,
      coordinatorVersion: '0.1.0',
      nodeName: 'alpha',
    } as const;
    stream.write(encodeFromCoordinator({ ...welcome, ...fake.welcome }));
  };
  const handlers: UntypedServiceImplementation = {
    Session(stream: Stream) {
      streams.push(stream);
      stream.on('error', () => {});
      stream.on('data', (wire: AgentMessage__Output) => {
        const message = decodeFromAgent(wire);
        received.push(message);
        if (message.kind === 'hello') answerHello(stream);
      });
    },
  };
  server.addService(loadServices().Node.service, handlers);
  const { keyPem, certPem } = await ca.issueServer();
  const pair = { private_key: Buffer.from(keyPem), cert_chain: Buffer.from(certPem) };
  const credentials = ServerCredentials.createSsl(Buffer.from(ca.caPem), [pair], true);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${options.port ?? 0}`, credentials, (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  const close = (): void => server.forceShutdown();
  t.teardown(close);
  const of = <K extends FromAgent['kind']>(kind: K): Of<K>[] =>
    received.filter((message): message is Of<K> => message.kind === kind);
  const send = (message: FromCoordinator): void => void streams.at(-1)?.write(encodeFromCoordinator(message));
  const fake: FakeCoordinator = {
    ca,
    port,
    received,
    streams,
    welcome: {},
    send,
    of,
    close,
    async command(action, change = {}) {
      commands += 1;
      const fence = {
        leaderEpoch: 1,
        deployment: 'dep',
        epoch: 1,
        commandId: `c${commands}`,
        ttlMs: 0,
        ...change,
      };
      send({ kind: 'command', command: { ...fence, action } });
      return (
        await waitFor(`the answer to ${action.kind}`, () =>
          of('result').find(({ result }) => result.commandId === fence.commandId),
        )
      ).result;
    },
    latestReport: () => of('rank').at(-1)?.report,
  };
  return fake;
}

/** Makes the state folder of a host that joined `coordinator`. */
export async function joinedState(
  stateDir: string,
  { ca, port }: Pick<FakeCoordinator, 'ca' | 'port'>,
  validity: { from?: Date; to?: Date } = {},
): Promise<NodeIdentity> {
  const privateKeyPem = createPrivateKeyPem();
  const certificatePem = await ca.issueNode(await createCsr(privateKeyPem), 'node-1', validity);
  const identity = {
    nodeId: 'node-1',
    nodeName: 'alpha',
    clusterId: CLUSTER,
    servers: [`127.0.0.1:${port}`],
    joinServers: [],
    privateKeyPem,
    certificatePem,
    caPem: ca.caPem,
  };
  mkdirSync(stateDir, { recursive: true });
  openIdentityStore(stateDir).save(identity);
  return identity;
}
