/** Bodies and answers of `/models` (role viewer to look, operator to act). */
import { type Static, Type } from 'typebox';
import { Nullable } from '../facts/nullable.ts';
import { ModelSource, ModelStatus } from './model.ts';

const closed = { additionalProperties: false } as const;

const Path = Type.String({
  pattern: '^/[^/]+/',
  description: 'Absolute path of the model folder on the nodes.',
});
const Nodes = Type.Optional(
  Type.Array(Type.String(), {
    minItems: 1,
    description: 'Names of nodes (default: every node that is online).',
  }),
);

export const ModelRequest = Type.Object({ path: Path, nodes: Nodes }, closed);
export type ModelRequest = Static<typeof ModelRequest>;

export const ModelPullRequest = Type.Object(
  {
    path: Path,
    nodes: Nodes,
    source: ModelSource,
    endpoint: Type.Optional(Type.String({ pattern: '^https?://', description: 'Mirror of the hub.' })),
    token: Type.Optional(
      Type.String({
        pattern: '^[\\x21-\\x7e]{1,4096}$',
        description: 'Access token of the hub; kept only while it is used.',
      }),
    ),
  },
  closed,
);
export type ModelPullRequest = Static<typeof ModelPullRequest>;

/** A model on one node, or why the node does not tell. */
export const ModelOnNode = Type.Object({
  node: Type.String(),
  status: Nullable(ModelStatus),
  failure: Nullable(
    Type.Object({ code: Type.String(), message: Type.String(), hint: Nullable(Type.String()) }),
  ),
});
export type ModelOnNode = Static<typeof ModelOnNode>;

export const ModelDifference = Type.Object({
  file: Type.String(),
  /** The node whose file is wrong, null when nothing tells which one is. */
  node: Nullable(Type.String()),
  /** First byte that differs, null when it is not known. */
  offset: Nullable(Type.Integer()),
  message: Type.String(),
});
export type ModelDifference = Static<typeof ModelDifference>;

export const ModelReport = Type.Object({
  path: Type.String(),
  nodes: Type.Array(ModelOnNode),
  /** Between the nodes. Contents are compared where at least two nodes have read them in full. */
  differences: Type.Array(ModelDifference),
});
export type ModelReport = Static<typeof ModelReport>;
