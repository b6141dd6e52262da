/** The gang's network, from the nodes' facts and the deployment's wishes. */
import type { Engine } from '@dsr1/shared/engines/engine';
import type { FabricPolicy, FabricSelection } from '@dsr1/shared/fabric/model';
import { selectFabric } from '@dsr1/shared/fabric/select/select';
import { fabricView } from '@dsr1/shared/facts/fabric-view';
import type { EngineInstall } from '@dsr1/shared/facts/node';
import { probed } from '@dsr1/shared/facts/nullable';
import type { Rejection } from '@dsr1/shared/plan/model';
import type { DeploymentSpec } from '@dsr1/shared/spec/deployment';
import type { UsableNode } from './input.ts';
import { meetingAddresses } from './meeting.ts';

export function gangFabric(
  spec: DeploymentSpec,
  engine: Engine,
  gang: readonly UsableNode[],
  gpusPerNode: number,
  install: EngineInstall | null,
): FabricSelection | { readonly rejections: readonly Rejection[] } {
  const addresses = meetingAddresses(gang);
  const selection = selectFabric(
    gang.map(({ name, facts }, i) => fabricView(name, facts, facts.nodeIp ?? addresses?.[i])),
    policyOf(spec, engine, gang, gpusPerNode, install),
  );
  const rejections = [
    ...selection.refusals.map(({ table, ...refusal }) => ({
      ...refusal,
      ...(table === undefined ? {} : { table: table.map((row) => [...row]) }),
    })),
    ...withoutAddress(selection),
  ];
  return rejections.length > 0 ? { rejections } : selection;
}

function policyOf(
  spec: DeploymentSpec,
  engine: Engine,
  gang: readonly UsableNode[],
  gpusPerNode: number,
  install: EngineInstall | null,
): FabricPolicy {
  const { transport = 'auto', perNode = {}, ...override } = spec.network ?? {};
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
