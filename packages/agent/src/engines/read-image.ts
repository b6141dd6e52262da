/** Runs one program in a container of an image, for what it prints: no network, nothing to write on, no GPU, gone afterwards. */
import { toDsr1Error } from '@dsr1/shared/errors';
import { type DockerApi, messageOf, query } from '../workload/runtimes/docker-api.ts';
import { frameReader } from '../workload/runtimes/docker-log.ts';

export interface ImageAnswer {
  readonly output: string;
  /** Why the output may not be all, in Docker's or the program's words. */
  readonly otherwise: string;
}

/** Marks containers that only read. */
export const READER_LABEL = 'dsr1.reader';

export interface ImageRun {
  /** Of the container; one that an agent left under this name when it died is removed first. */
  readonly name: string;
  readonly image: string;
  readonly argv: readonly string[];
  readonly limitMs: number;
}

/** The id that the node's Docker engine knows the image by; null when it is not there. @throws RUNTIME_MISSING, TIMEOUT */
export async function imageId(api: DockerApi, image: string): Promise<string | null> {
  const found = await api.call('GET', `/images/${image}/json`);
  return found.status === 200 ? (found.body as { readonly Id: string }).Id : null;
}

/** Never rejects. */
export async function runInImage(
  api: DockerApi,
  { name, image, argv, limitMs }: ImageRun,
): Promise<ImageAnswer> {
  try {
    await remove(api, name);
    const body = readerBody(image, argv);
    const made = await api.call('POST', query('/containers/create', { name }), { body });
    if (made.status !== 201) return { output: '', otherwise: messageOf(made) };
    try {
      const started = await api.call('POST', `/containers/${name}/start`);
      if (started.status !== 204) return { output: '', otherwise: messageOf(started) };
      const ended = await api
        .call('POST', `/containers/${name}/wait`, { signal: AbortSignal.timeout(limitMs) })
        .then(({ body }) => `ended with ${(body as { readonly StatusCode?: number } | null)?.StatusCode}`)
        .catch((thrown: unknown) => toDsr1Error(thrown).message);
      const output = await printed(api, name);
      const last = output.trimEnd().split('\n').at(-1) ?? '';
      return { output, otherwise: last === '' ? ended : `${ended}: ${last.slice(0, 300)}` };
    } finally {
      await remove(api, name);
    }
  } catch (thrown) {
    return { output: '', otherwise: toDsr1Error(thrown).message };
  }
}

/** No privilege at all: an image that needs one to be imported is not known. */
const readerBody = (image: string, argv: readonly string[]): object => ({
  Image: image,
  Entrypoint: argv.slice(0, 1),
  Cmd: argv.slice(1),
  // Where NVIDIA's runtime is Docker's default one, the image's own variable would ask it for every GPU.
  Env: ['HOME=/tmp', 'NVIDIA_VISIBLE_DEVICES=void'],
  NetworkDisabled: true,
  Labels: { [READER_LABEL]: image },
  HostConfig: {
    NetworkMode: 'none',
    ReadonlyRootfs: true,
    Tmpfs: { '/tmp': 'rw,size=64m' },
    CapDrop: ['ALL'],
    SecurityOpt: ['no-new-privileges'],
    PidsLimit: 512,
    LogConfig: { Type: 'json-file', Config: {} },
  },
});

async function printed(api: DockerApi, container: string): Promise<string> {
  const response = await api.stream(
    'GET',
    query(`/containers/${container}/logs`, { stdout: '1', stderr: '1' }),
  );
  const frames = frameReader();
  const payloads: Buffer[] = [];
  for await (const chunk of response) payloads.push(...frames(chunk as Buffer));
  return Buffer.concat(payloads).toString();
}

const remove = (api: DockerApi, container: string) =>
  api.call('DELETE', query(`/containers/${container}`, { force: '1', v: '1' }));
