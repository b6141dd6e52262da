/** Where the nodes have a published model. */
import { basename } from 'node:path';
import { Dsr1Error } from '@dsr1/shared/errors';
import type { ModelOnNode } from '@dsr1/shared/weights/api';
import { deploymentText } from '../text/deployment.ts';

/** `deepseek-ai/DeepSeek-V3.1` → `deepseek-v3-1`: fit to be a deployment's name. */
export const shortName = (model: string): string =>
  basename(model)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 63)
    .replaceAll(/^-|-$/g, '');

/** The one folder that nodes remember as this model, by its hub's name or its own. @throws NOT_FOUND, INVALID_ARGUMENT */
export function modelPath(model: string, remembered: readonly ModelOnNode[]): string {
  const text = deploymentText.ofModel;
  const isIt = (name: string) => shortName(name) === shortName(model);
  const paths = remembered.flatMap(({ status }) =>
    status !== null && (isIt(status.source?.repo ?? '') || isIt(status.path)) ? [status.path] : [],
  );
  const [path, ...others] = new Set(paths);
  if (path === undefined)
    throw new Dsr1Error('NOT_FOUND', text.noPath(model), {
      hint: text.noPathHint(model.includes('/') ? model : `ORG/${model}`),
    });
  if (others.length === 0) return path;
  throw new Dsr1Error('INVALID_ARGUMENT', text.manyPaths(model, [path, ...others]), {
    hint: text.manyPathsHint,
  });
}
