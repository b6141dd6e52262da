/** Which nodes form the gang, and in which order. Every other node comes back with its reason. */
import type { Engine } from '@dsr1/shared/engines/engine';
import { nearest } from '@dsr1/shared/nearest';
import type { Rejection } from '@dsr1/shared/plan/model';
import type { DeploymentSpec } from '@dsr1/shared/spec/deployment';
import { gpuGroup, obstacle } from './eligibility.ts';
import type { PlanInput, PlanNode, UsableNode } from './input.ts';
import { keepRanks } from './keep-ranks.ts';

export interface NodeChoice {
  /** By rank. */
  readonly gang: readonly UsableNode[];
  readonly leftOut: readonly Rejection[];
  /** Why this node has this rank, by rank. */
  readonly because: readonly string[];
}

/** The gang, or why there is none. */
export function chooseNodes(
  input: PlanInput,
  engine: Engine,
): NodeChoice | { readonly rejections: readonly Rejection[] } {
  const { spec } = input;
  const unknown = unknownNames(spec, input.nodes);
  if (unknown.length > 0) return { rejections: unknown };
  const sorted = byName(input.nodes);
  const judged = sorted.map((node) => ({ node, problem: obstacle(node, spec, engine) }));
  const usable = judged.flatMap(({ node, problem }) => (problem === null ? [node as UsableNode] : []));
  const refused = judged.flatMap(({ node, problem }) =>
    problem === null ? [] : [{ node: node.name, ...problem }],
  );
  const picked = pick(input, usable, refused);
  if ('rejections' in picked) return picked;
  const taken = new Set(picked.gang.map(({ id }) => id));
  const spare = usable.filter(({ id }) => !taken.has(id));
  return {
    ...picked,
    leftOut: [
      ...refused,
      ...spare.map(({ name }) => ({
        node: name,
        category: 'spare',
        because: 'the gang is complete without it',
        fix: 'nothing to do',
      })),
    ],
  };
}

type Picked = Omit<NodeChoice, 'leftOut'> | { readonly rejections: readonly Rejection[] };

function pick(input: PlanInput, usable: readonly UsableNode[], refused: readonly Rejection[]): Picked {
  const { spec, previousRanks } = input;
  const names = spec.nodes?.names;
  if (names !== undefined) return pickNamed(names, spec, usable, refused);
  if (Object.keys(previousRanks).length > 0) return keepRanks(input, usable, refused);
  return pickFresh(spec, usable, refused);
}

function pickNamed(
  names: readonly string[],
  spec: DeploymentSpec,
  usable: readonly UsableNode[],
  refused: readonly Rejection[],
): Picked {
  const order = headFirst(names, spec.nodes?.head);
  const gang = order.flatMap((name) => usable.find((node) => node.name === name) ?? []);
  if (gang.length < order.length)
    return { rejections: refused.filter(({ node }) => node !== null && order.includes(node)) };
  return {
    gang,
    because: gang.map(({ name }) => (name === spec.nodes?.head ? 'nodes.head' : 'order of nodes.names')),
  };
}

function pickFresh(
  spec: DeploymentSpec,
  usable: readonly UsableNode[],
  refused: readonly Rejection[],
): Picked {
  const head = spec.nodes?.head;
  const groups = Map.groupBy(usable, (node) => gpuGroup(node, spec));
  const candidates = [...groups.values()].filter(
    (group) => head === undefined || group.some(({ name }) => name === head),
  );
  const count = spec.nodes?.count;
  const group =
    count === undefined
      ? candidates.length === 1
        ? candidates[0]
        : undefined
      : candidates.find(({ length }) => length >= count);
  if (group === undefined) return { rejections: [shortage(spec, groups), ...refused] };
  const order = headFirst(
    group.map(({ name }) => name),
    head,
  ).slice(0, count);
  const gang = order.flatMap((name) => group.find((node) => node.name === name) ?? []);
  return { gang, because: gang.map(({ name }) => (name === head ? 'nodes.head' : 'order of names')) };
}

function shortage(spec: DeploymentSpec, groups: ReadonlyMap<string, readonly UsableNode[]>): Rejection {
  const count = spec.nodes?.count;
  const kinds = [...groups].map(([kind, nodes]) => `${nodes.length} with ${kind}`).join(', ');
  const total = [...groups.values()].reduce((sum, nodes) => sum + nodes.length, 0);
  if (total > 0 && (count === undefined || total >= count))
    return {
      node: null,
      category: 'mixed-gpus',
      because: `the usable nodes differ: ${kinds}; ranks of one gang need the same GPUs`,
      fix: 'set nodes.count, name the nodes with nodes.names, or set gpusPerNode',
      table: [
        ['node', 'GPUs'],
        ...[...groups].flatMap(([kind, nodes]) => nodes.map(({ name }) => [name, kind])),
      ],
    };
  return {
    node: null,
    category: 'too-few-nodes',
    because: `${count === undefined ? 'at least one node is' : `${count} nodes are`} wanted, ${total} can be used${kinds === '' ? '' : ` (${kinds})`}`,
    fix: 'join more nodes, uncordon some, or lower nodes.count; the other nodes and their reasons are listed',
  };
}

function unknownNames({ nodes: wish }: DeploymentSpec, nodes: readonly PlanNode[]): readonly Rejection[] {
  const known = new Set(nodes.map(({ name }) => name));
  const asked = [
    ...(wish?.names ?? []),
    ...(wish?.head === undefined ? [] : [wish.head]),
    ...(wish?.exclude ?? []),
  ];
  const missing = [...new Set(asked)].filter((name) => !known.has(name));
  const headOutside = wish?.head !== undefined && wish.names !== undefined && !wish.names.includes(wish.head);
  return [
    ...missing.map((name) => {
      const meant = nearest(name, known);
      return {
        node: name,
        category: 'node-unknown',
        because: `no node is called ${name}${meant === null ? '' : ` (did you mean ${meant}?)`}`,
        fix: 'dsr1ctl node list shows the names; dsr1ctl join adds a node',
      };
    }),
    ...(headOutside
      ? [
          {
            node: wish?.head ?? null,
            category: 'node-unknown',
            because: 'nodes.head is not one of nodes.names',
            fix: 'put it into nodes.names',
          },
        ]
      : []),
  ];
}

const headFirst = (names: readonly string[], head: string | undefined): readonly string[] =>
  head === undefined ? names : [head, ...names.filter((name) => name !== head)];

/** Natural order: gpu2 before gpu10. */
function byName(nodes: readonly PlanNode[]): readonly PlanNode[] {
  const collator = new Intl.Collator('en', { numeric: true });
  return nodes.toSorted((a, b) => collator.compare(a.name, b.name) || (a.name < b.name ? -1 : 1));
}
