/** `dsr1ctl deploy deepseek-r1`: the smallest legal set of nodes that fits, as a deployment. */
import { Dsr1Error } from '@dsr1/shared/errors';
import { fit } from '@dsr1/shared/models/fit';
import { setsBody } from '@dsr1/shared/models/fit-body';
import { placement } from '@dsr1/shared/models/placement';
import type { ModelShape } from '@dsr1/shared/models/shape';
import { type ModelSet, type SetNode, smallestSets } from '@dsr1/shared/models/smallest-sets';
import type { DeploymentSpec } from '@dsr1/shared/spec/deployment';
import type { Api } from '../client/api.ts';
import { setLines } from '../fit/fit-lines.ts';
import { type Host, hostsAtHand, installs } from '../fit/hosts.ts';
import { findModel } from '../fit/read-model.ts';
import { deploymentText } from '../text/deployment.ts';
import { modelPath, shortName } from './model-path.ts';

export interface SpecOfModel {
  readonly spec: DeploymentSpec;
  /** What was chosen, why, and what else would fit. */
  readonly because: readonly string[];
}

type Asked = Partial<DeploymentSpec>;
type Kind = DeploymentSpec['engine']['kind'];
const text = deploymentText.ofModel;

/**
 * Over nodes that are online and not cordoned, those without deployments first. What `asked` says narrows the choice.
 * @throws PLAN_INFEASIBLE when nothing fits, NOT_FOUND without engine or model folder
 */
export async function specOfModel(api: Api, cwd: string, model: string, asked: Asked): Promise<SpecOfModel> {
  const name = asked.name ?? shortName(model);
  const shape = await findModel(model, cwd);
  const hosts = await hostsAtHand(api, asked);
  const tries = kindsOf(hosts, asked).map((kind) => setsWith(kind, shape, hosts, asked));
  const [preferred] = tries;
  if (preferred === undefined) throw new Dsr1Error('NOT_FOUND', text.noEngine, { hint: text.noEngineHint });
  const { kind, all, sets } = tries.find((each) => each.sets.length > 0) ?? preferred;
  const [set] = sets;
  if (set === undefined) throw nothingFits(name, shape, preferred);
  const path = asked.model?.path ?? modelPath(model, await api.models());
  const because = set === all.sets[0] ? all.because : text.byFlags;
  return {
    spec: {
      name,
      engine: { kind, args: contextArgs(kind, shape, set) },
      model: { path },
      nodes: { names: [...set.nodes] },
      gpusPerNode: set.gpus / set.nodes.length,
      parallelism: { tensor: set.tensor, pipeline: set.pipeline },
    },
    because: [text.chosen(name, kind, path, set.nodes), ...setLines(setsBody({ sets, because }), MOST_SETS)],
  };
}

const MOST_SETS = 12;

const kindsOf = (hosts: readonly Host[], { engine }: Asked): readonly Kind[] =>
  engine?.kind === undefined
    ? (['sglang', 'vllm'] as const).filter((kind) => hosts.some((host) => installs(host, kind).length > 0))
    : [engine.kind];

/** Every set of the nodes that have the engine, and those of them that are as the flags say. */
function setsWith(kind: Kind, shape: ModelShape, hosts: readonly Host[], asked: Asked) {
  const engine = kind.startsWith('vllm') ? 'vllm' : 'sglang';
  const { image, python } = asked.engine ?? {};
  const brought = image !== undefined || python !== undefined || kind === 'rehearsal';
  const able = hosts.filter((host) => brought || installs(host, engine).length > 0);
  const versions = new Set(able.flatMap((host) => installs(host, engine)).map(({ version }) => version));
  const [only = null] = !brought && versions.size === 1 ? versions : [];
  const nodes = able.map(({ node }) => node);
  const all = smallestSets(shape, nodes, { engine, version: only, contextTokens: null });
  const { tensor, pipeline } = asked.parallelism ?? {};
  const count = asked.nodes?.names?.length ?? asked.nodes?.count;
  const sets = all.sets.filter(
    (set) =>
      set.tensor === (tensor ?? set.tensor) &&
      set.pipeline === (pipeline ?? set.pipeline) &&
      set.nodes.length === (count ?? set.nodes.length) &&
      set.gpus === set.nodes.length * (asked.gpusPerNode ?? set.gpus / set.nodes.length),
  );
  return { kind, engine, version: only, nodes, all, sets } as const;
}

/** An engine told nothing takes all that the model allows; vLLM then refuses to start. */
function contextArgs(kind: Kind, shape: ModelShape, { figures: { contextTokens } }: ModelSet): string[] {
  if (kind === 'rehearsal' || contextTokens === null || contextTokens === shape.contextMax) return [];
  return [kind === 'sglang' ? '--context-length' : '--max-model-len', `${contextTokens}`];
}

/** With fit's nearest change from one tensor group a node over all nodes of the largest kind. */
function nothingFits(
  name: string,
  shape: ModelShape,
  { all, engine, version, nodes }: ReturnType<typeof setsWith>,
): Dsr1Error {
  const [set] = all.sets;
  if (set !== undefined)
    return new Dsr1Error('PLAN_INFEASIBLE', text.notByFlags(name), {
      hint: text.withoutFlags(set.tensor, set.pipeline, set.nodes),
    });
  const size = ({ gpus, gpu }: SetNode) => gpus * (gpu?.memoryBytes ?? 0);
  const [largest] = nodes.toSorted((a, b) => size(b) - size(a));
  if (largest === undefined || size(largest) === 0)
    return new Dsr1Error('PLAN_INFEASIBLE', text.noSet(name, all.because), { hint: text.noSetHint });
  const alike = nodes.filter((node) => size(node) === size(largest));
  const placed = { ...placement({ pipeline: alike.length }, largest.gpus, alike), contextNeeded: true };
  const answer = fit({ shape, engine, version, contextTokens: null, ...placed });
  return new Dsr1Error('PLAN_INFEASIBLE', text.noSet(name, [all.because, ...answer.because].join('; ')), {
    hint: answer.nearest === null ? text.noSetHint : text.nearest(answer.nearest.change),
  });
}
