/** The gang's network, from the nodes' facts and the deployment's wishes. */
import type { Engine } from '@dsr1/shared/engines/engine';
import type { FabricNode, FabricPolicy, FabricSelection } from '@dsr1/shared/fabric/model';
import { withMeetingAddresses } from '@dsr1/shared/fabric/select/meeting';
import { selectFabric } from '@dsr1/shared/fabric/select/select';
import { fabricView } from '@dsr1/shared/facts/fabric-view';
import type { EngineInstall } from '@dsr1/shared/facts/node';
import { probed } from '@dsr1/shared/facts/nullable';
import type { Rejection } from '@dsr1/shared/plan/model';
import type { DeploymentSpec } from '@dsr1/shared/spec/deployment';
import type { UsableNode } from './input.ts';

export function gangFabric(
  ...wish: Parameters<typeof gangSelection>
): FabricSelection | { readonly rejections: readonly Rejection[] } {
  const selection = gangSelection(...wish);
  const rejections = [
    ...selection.refusals.map(({ table, ...refusal }) => ({
      ...refusal,
      ...(table === undefined ? {} : { table: table.map((row) => [...row]) }),
    })),
    ...withoutAddress(selection),
  ];
  return rejections.length > 0 ? { rejections } : selection;
}

/** The selection as it is, refusals included: a check also tests what is left of a fabric that no plan would take. */
export function gangSelection(
  spec: DeploymentSpec,
  engine: Engine,
  gang: readonly UsableNode[],
  gpusPerNode: number,
  install: EngineInstall | null,
): FabricSelection {
  return selectFabric(gangViews(gang), policyOf(spec, engine, gang, gpusPerNode, install));
}

/** The gang's nodes as selection sees them. */
export function gangViews(gang: readonly UsableNode[]): readonly FabricNode[] {
  return withMeetingAddresses(gang.map(({ name, facts }) => fabricView(name, facts, facts.nodeIp)));
}

function policyOf(
  spec: DeploymentSpec,
  engine: Engine,
  gang: readonly UsableNode[],
  gpusPerNode: number,
  install: EngineInstall | null,
): FabricPolicy {
  const { transport = 'auto', perNode = {}, rehearse: _, proof: __, ...override } = spec.network ?? {};
  const plugin = spec.engine.env?.NCCL_NET_PLUGIN;
  return {
    transport,
    ncclVersion: install?.nccl ?? null,
    gpuRanks:
      gpusPerNode > 0 ||
      (engine.kind === 'rehearsal' && spec.gpusPerNode === undefined && gang.every(hasHcas)),
    overrides: perNode,
    override,
    ...(plugin === undefined || plugin === 'none' ? {} : { netPlugin: plugin }),
  };
}

/** A rehearsal also proves the rails of hosts that have some. */
const hasHcas = ({ facts }: UsableNode) => probed(facts.hcas, []).length > 0;

const withoutAddress = ({ nodes }: FabricSelection): readonly Rejection[] =>
  nodes
    .filter(({ address }) => address === null)
    .map(({ node, controlInterface }) => ({
      node,
      category: 'no-control-address',
      because: `${controlInterface ?? 'no interface'} gives it no address that the other nodes can reach`,
      fix: 'name the interface with network.controlInterface or network.perNode.NODE.controlInterface',
    }));
