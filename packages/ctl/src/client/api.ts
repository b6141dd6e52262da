/** The HTTP API as functions (packages/shared/src/http-api/routes.md). Answers are checked against the shared schemas. */
import { CheckReport, type CheckRequest } from '@dsr1/shared/fabric/check/model';
import { CollectedNode } from '@dsr1/shared/fabric/collect/model';
import { FabricPicture } from '@dsr1/shared/fabric/show/picture';
import {
  ClusterEvent,
  CreatedToken,
  DeploymentDetail,
  DeploymentSummary,
  EndpointAccess,
  NodeDetail,
  NodeSummary,
  type TokenRequest,
  TokenSummary,
  VersionInfo,
} from '@dsr1/shared/http-api/resources';
import { type FitRequest, FitResponse } from '@dsr1/shared/models/fit-body';
import { PlanResult } from '@dsr1/shared/plan/model';
import type { DeploymentSpec } from '@dsr1/shared/spec/deployment';
import { ModelOnNode, type ModelPullRequest, ModelReport, type ModelRequest } from '@dsr1/shared/weights/api';
import { Type } from 'typebox';
import type { Target } from '../context/select-context.ts';
import type { CtlIo } from '../io.ts';
import { eventStream } from './event-stream.ts';
import { createExchange } from './exchange.ts';

export interface LogQuery {
  readonly rank: number;
  /** Default: the rank's first one. */
  readonly process?: string;
  /** Last lines to begin with. */
  readonly lines: number;
  readonly follow: boolean;
}

export interface EventFilter {
  readonly after?: number;
  readonly deployment?: string;
  readonly node?: string;
}

export type Api = ReturnType<typeof createApi>;

/** Tools that hang on a node cost it 15 s, its facts some more. */
const COLLECT_TIMEOUT_MS = 60_000;

export function createApi(target: Target, io: CtlIo) {
  const { get, post, del, stream } = createExchange(target, io);
  const node = (name: string) => `/nodes/${encodeURIComponent(name)}`;
  const deployment = (name: string) => `/deployments/${encodeURIComponent(name)}`;
  return {
    version: () => get('/version', VersionInfo),

    createToken: (request: TokenRequest) => post('/tokens', CreatedToken, request),
    tokens: () => get('/tokens', Type.Array(TokenSummary)),
    revokeToken: (id: string) => del(`/tokens/${encodeURIComponent(id)}`, TokenSummary),

    nodes: () => get('/nodes', Type.Array(NodeSummary)),
    node: (name: string) => get(node(name), NodeDetail),
    cordon: (name: string) => post(`${node(name)}/cordon`, NodeSummary),
    uncordon: (name: string) => post(`${node(name)}/uncordon`, NodeSummary),
    collect: (name: string) => post(`${node(name)}/collect`, NodeDetail),
    fabricTexts: (name: string, mask: boolean) =>
      post(`${node(name)}/fabric-texts`, CollectedNode, { mask }, COLLECT_TIMEOUT_MS),
    removeNode: (name: string, force: boolean) => del(`${node(name)}?force=${force}`, NodeSummary),

    fit: (request: FitRequest) => post('/fit', FitResponse, request),
    plan: (spec: DeploymentSpec) => post('/plans', PlanResult, spec),
    deploy: (spec: DeploymentSpec) => post('/deployments', DeploymentDetail, spec),
    deployments: () => get('/deployments', Type.Array(DeploymentSummary)),
    deployment: (name: string) => get(deployment(name), DeploymentDetail),
    access: (name: string) => get(`${deployment(name)}/access`, EndpointAccess),
    stop: (name: string) => post(`${deployment(name)}/stop`, DeploymentDetail),
    start: (name: string) => post(`${deployment(name)}/start`, DeploymentDetail),
    removeDeployment: (name: string, force: boolean) =>
      del(`${deployment(name)}?force=${force}`, DeploymentSummary),
    logs: (name: string, query: LogQuery) =>
      stream(`${deployment(name)}/logs?${search(query)}`, 'text/plain'),

    startCheck: (request: CheckRequest) => post('/checks', CheckReport, request),
    fabric: (request: CheckRequest) => post('/fabric', FabricPicture, request),
    check: (id: string) => get(`/checks/${encodeURIComponent(id)}`, CheckReport),

    models: (path?: string) =>
      get(path === undefined ? '/models' : `/models?${search({ path })}`, Type.Array(ModelOnNode)),
    pullModel: (request: ModelPullRequest) => post('/models/pull', Type.Array(ModelOnNode), request),
    verifyModel: (request: ModelRequest) => post('/models/verify', Type.Array(ModelOnNode), request),
    checkModel: (request: ModelRequest) => post('/models/check', ModelReport, request),
    removeModel: (request: ModelRequest) => post('/models/remove', Type.Array(ModelOnNode), request),

    events: (filter: EventFilter) => get(`/events?${search(filter)}`, Type.Array(ClusterEvent)),
    followEvents: (filter: EventFilter) =>
      eventStream(stream(`/events?${search(filter)}`, 'text/event-stream'), ClusterEvent),
  };
}

const search = (query: object): string =>
  new URLSearchParams(
    Object.entries(query).map(([key, value]): [string, string] => [key, String(value)]),
  ).toString();
