/** Whether the deployment names its image so that every node runs the same. */
import type { Rejection } from '@dsr1/shared/plan/model';
import type { DeploymentSpec } from '@dsr1/shared/spec/deployment';

export function imageProblems({ engine, runtime = 'auto' }: DeploymentSpec): readonly Rejection[] {
  const { image } = engine;
  const problem = (because: string, fix: string): readonly Rejection[] => [
    { node: null, category: 'image', because, fix },
  ];
  if (image === undefined)
    return runtime === 'docker'
      ? problem('runtime docker needs an image', 'set engine.image, or leave runtime out')
      : [];
  if (runtime !== 'auto' && runtime !== 'docker')
    return problem(`runtime ${runtime} runs no image`, 'set runtime: docker, or remove engine.image');
  if (!BY_DIGEST.test(image))
    return problem(
      `engine.image ${image} is not named by its digest: a tag can mean another image on every node`,
      `write name@sha256:…; docker image inspect --format '{{index .RepoDigests 0}}' ${image} prints it`,
    );
  return [];
}

const BY_DIGEST = /^(?:[^\s@]+@)?sha256:[0-9a-f]{64}$/;
