/** How many devices the gang has and how the model is cut over them. */
import type { Engine } from '@dsr1/shared/engines/engine';
import type { LaunchPlan, PlanReason, Rejection } from '@dsr1/shared/plan/model';
import type { DeploymentSpec } from '@dsr1/shared/spec/deployment';

export type World = LaunchPlan['world'];

/** Tensor × pipeline over all devices; a CPU rank counts as one device. Default: all devices to tensor parallelism. */
export function worldOf(
  spec: DeploymentSpec,
  engine: Engine,
  nodes: number,
  gpusPerNode: number,
): { readonly world: World; readonly reason: PlanReason } | { readonly rejections: readonly Rejection[] } {
  const devices = nodes * Math.max(gpusPerNode, 1);
  const { tensor: givenTensor, pipeline: givenPipeline } = spec.parallelism ?? {};
  const pipeline = givenPipeline ?? (givenTensor === undefined ? 1 : devices / givenTensor);
  const tensor = givenTensor ?? devices / pipeline;
  const what = gpusPerNode === 0 ? `${nodes} CPU ranks` : `${nodes} × ${gpusPerNode} GPUs`;
  if (
    engine.installName !== null &&
    (tensor * pipeline !== devices || !Number.isInteger(tensor) || !Number.isInteger(pipeline))
  )
    return { rejections: [misfit(what, devices, givenTensor, givenPipeline)] };
  return {
    world: {
      nodes,
      gpusPerNode,
      tensor: Math.max(1, Math.floor(tensor)),
      pipeline: Math.max(1, Math.floor(pipeline)),
    },
    reason: {
      subject: 'parallelism',
      decision: `tensor ${tensor} × pipeline ${pipeline}`,
      because: `${what}${spec.parallelism === undefined ? '; without parallelism all devices go to tensor parallelism' : ', as the deployment says'}`,
    },
  };
}

const misfit = (
  what: string,
  devices: number,
  tensor: number | undefined,
  pipeline: number | undefined,
): Rejection => ({
  node: null,
  category: 'world-size',
  because: `parallelism asks for tensor ${tensor ?? '(open)'} × pipeline ${pipeline ?? '(open)'}, the gang has ${devices} devices (${what})`,
  fix: `make tensor × pipeline ${devices}, or change nodes.count or gpusPerNode`,
});
