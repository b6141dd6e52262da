/** Images that ranks run in: there, on their way, or not to be had. */
import { createInterface } from 'node:readline';
import { toDsr1Error } from '@dsr1/shared/errors';
import { type DockerApi, messageOf, query } from './docker-api.ts';
import type { RuntimeProblem } from './runtime.ts';

export interface ImageStore {
  /** null when the image is there. An absent one is pulled in the background: ask again. */
  problem(image: string): Promise<RuntimeProblem | null>;
}

interface Layer {
  readonly currentBytes: number;
  readonly totalBytes: number;
}

export function imageStore(api: DockerApi): ImageStore {
  const pulls = new Map<string, ReadonlyMap<string, Layer>>();
  const failures = new Map<string, string>();
  const pull = async (image: string): Promise<void> => {
    const layers = new Map<string, Layer>();
    pulls.set(image, layers);
    try {
      const failure = await readPull(api, image, layers);
      if (failure !== null) failures.set(image, failure);
    } catch (thrown) {
      failures.set(image, toDsr1Error(thrown).message);
    } finally {
      pulls.delete(image);
    }
  };
  return {
    async problem(image) {
      const found = await api.call('GET', `/images/${image}/json`);
      if (found.status === 200) return null;
      const failure = failures.get(image);
      failures.delete(image);
      if (failure !== undefined) return missing(image, failure);
      // An image's own id names it on this host alone.
      if (image.startsWith('sha256:')) return missing(image, messageOf(found));
      if (!pulls.has(image)) void pull(image);
      return pulling(image, pulls.get(image) ?? new Map());
    },
  };
}

/** Reads the progress to its end; the registry's complaint, or null. */
async function readPull(api: DockerApi, image: string, layers: Map<string, Layer>): Promise<string | null> {
  const [name = '', digest = ''] = image.split('@');
  const response = await api.stream('POST', query('/images/create', { fromImage: name, tag: digest }));
  for await (const line of createInterface({ input: response })) {
    const news = JSON.parse(line) as Progress;
    const failure = news.error ?? (response.statusCode === 200 ? undefined : news.message);
    if (failure !== undefined) return failure;
    const { current, total } = news.progressDetail ?? {};
    if (
      news.id !== undefined &&
      news.status === 'Downloading' &&
      current !== undefined &&
      total !== undefined
    )
      layers.set(news.id, { currentBytes: current, totalBytes: total });
  }
  return null;
}

interface Progress {
  readonly id?: string;
  readonly status?: string;
  readonly error?: string;
  readonly message?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
}

function pulling(image: string, layers: ReadonlyMap<string, Layer>): RuntimeProblem {
  const sum = (key: keyof Layer) => [...layers.values()].reduce((bytes, layer) => bytes + layer[key], 0);
  const total = sum('totalBytes');
  const done = total === 0 ? '' : `, ${mebibytes(sum('currentBytes'))} of ${mebibytes(total)} so far`;
  return {
    code: 'IMAGE_PULLING',
    message: `image ${image} is being pulled${done}`,
    hint: 'nothing to do: the deployment goes on when the image is there',
  };
}

const missing = (image: string, why: string): RuntimeProblem => ({
  code: 'IMAGE_MISSING',
  message: `image ${image} is not on this node and cannot be pulled: ${why}`,
  hint: 'bring it there with docker pull (after docker login, for a private registry) or docker load',
});

const mebibytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;
