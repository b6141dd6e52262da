/**
 * The fabric of one gang: control interface, HCAs, rails, GID policy and environment of every node, with the reason
 * of every choice. Pure; the order of the nodes does not change what is chosen.
 */
import type { FabricNode, FabricPolicy, FabricSelection, Refusal } from '../model.ts';
import { portCaveats } from './caveats.ts';
import { certainControl, draftNode, railMembers, withoutUnpaired } from './draft.ts';
import { checkGang } from './gang-checks.ts';
import { gidPolicy } from './gid-policy.ts';
import { isolatedRails } from './isolation.ts';
import { nodeFabric } from './node-fabric.ts';
import { overlapRefusals } from './overlap.ts';
import { overrideFaults, overridesOf } from './overrides.ts';
import { railWarnings } from './rail-warnings.ts';
import { pairRails } from './rails.ts';
import { countSubnets } from './subnets.ts';
import { chooseTransport, type GangNode } from './transport.ts';
import { viewNode } from './view.ts';

/** Selects the fabric of a gang. What cannot work comes back as refusals, never as an exception. */
export function selectFabric(nodes: readonly FabricNode[], policy: FabricPolicy): FabricSelection {
  const gang = nodes.map((node) => gangNode(node, policy));
  const views = gang.map(({ view }) => view);
  const chosen = chooseTransport(gang, policy);
  const subnets = countSubnets(views);
  const drafts = chosen.choices.map((choice, i) => draftNode(gang[i] as GangNode, choice, subnets));
  const pairing = pairRails(drafts.flatMap(railMembers));
  const trimmed = drafts.map((draft) => withoutUnpaired(draft, pairing));
  const ports = trimmed.map((draft) => draft.ports);
  const context = {
    transport: chosen.transport,
    policy,
    pairing,
    isolatedRails: isolatedRails(views, ports, pairing),
    evenRails: new Set(ports.map((list) => list.length)).size === 1,
  };
  const answers = trimmed.map((draft) => {
    const { view, overrides } = draft.member;
    const gid = gidPolicy(view, draft.ports, draft.gids, policy.ncclVersion, overrides.gidIndex);
    const fabric = nodeFabric(draft, gid, context);
    const byHand = overrides.controlInterface !== null;
    return {
      gid,
      fabric,
      faults: overrideFaults(view, overrides, draft.ports),
      overlaps: overlapRefusals(view, fabric, byHand),
    };
  });
  const fabrics = answers.map(({ fabric }) => fabric);
  const checked = checkGang(views, fabrics, chosen.transport);
  const refusals = [
    ...answers.flatMap(({ faults }) => faults),
    ...chosen.refusals,
    ...answers.flatMap(({ gid }) => gid.refusals),
    ...checked.refusals,
    ...answers.flatMap(({ overlaps }) => overlaps),
  ];
  const warnings = [
    ...chosen.warnings,
    ...views.flatMap(({ node }) => (node.gaps ?? []).map((gap) => `${node.name}: ${gap}`)),
    ...trimmed.flatMap(portCaveats),
    ...railWarnings(nodes, drafts.flatMap(railMembers), pairing, context.isolatedRails),
    ...answers.flatMap(({ gid }) => gid.warnings),
    ...checked.warnings,
  ];
  const decided = chosen.transport !== null || fabrics.some((node) => node.hcas.length > 0);
  return {
    verdict: chosen.open && refusals.length === 0 ? 'unknown' : verdictOf(refusals, warnings, decided),
    transport: chosen.transport,
    nodes: fabrics,
    rails: pairing.rails,
    warnings,
    refusals,
  };
}

function gangNode(node: FabricNode, policy: FabricPolicy): GangNode {
  const view = viewNode(node);
  const overrides = overridesOf(policy, node.name);
  return { view, overrides, known: certainControl(view, overrides) };
}

function verdictOf(
  refusals: readonly Refusal[],
  warnings: readonly string[],
  decided: boolean,
): FabricSelection['verdict'] {
  if (refusals.length > 0) return 'refuse';
  return warnings.length > 0 ? 'warn' : decided ? 'ok' : 'unknown';
}
