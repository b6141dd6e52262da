/**
 * As much of the Hugging Face hub's HTTP API as `hf download` and `HfApi.model_info` use, on loopback
 * (https://huggingface.co/docs/hub/api). Everything that is asked for is kept.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';
import { gitBlob, sha256 } from './a-model.ts';

export interface FakeHub {
  readonly url: string;
  readonly commit: string;
  readonly asked: {
    readonly method: string;
    readonly path: string;
    readonly range: string;
    readonly token: string;
  }[];
  /** Requests with another token are refused as those for a gated model; null = open. */
  token: string | null;
  /** The next answer with this file's data is cut after so many bytes. */
  cut: { readonly file: string; readonly afterBytes: number } | null;
}

export async function fakeHub(t: Test, repo: string, files: ReadonlyMap<string, Buffer>): Promise<FakeHub> {
  const hub: FakeHub & { url: string } = {
    url: '',
    commit: 'c0ffee'.repeat(7).slice(0, 40),
    asked: [],
    token: null,
    cut: null,
  };
  const server = createServer((request, response) => answer(hub, repo, files, request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  hub.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return hub;
}

function answer(
  hub: FakeHub,
  repo: string,
  files: ReadonlyMap<string, Buffer>,
  { method = '', url = '', headers }: IncomingMessage,
  response: ServerResponse,
): void {
  const { pathname: path, searchParams } = new URL(url, 'http://hub');
  const token = (headers.authorization ?? '').replace('Bearer ', '');
  const range = String(headers.range ?? '');
  hub.asked.push({ method, path, range, token });
  const json = (value: unknown) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  if (hub.token !== null && token !== hub.token) {
    response
      .writeHead(403, {
        'x-error-code': 'GatedRepo',
        'x-error-message': 'Access to this model is restricted.',
      })
      .end();
  } else if (path.startsWith(`/api/models/${repo}/revision/`) || path === `/api/models/${repo}`) {
    json(infoOf(hub, repo, files));
  } else if (path.startsWith(`/api/models/${repo}/tree/`)) {
    json(
      [...files].map(([name, content]) => ({
        type: 'file',
        path: name,
        size: content.length,
        oid: gitBlob(content),
        ...lfsOf(name, content),
      })),
    );
  } else if (path === `/api/v1/models/${repo}/repo/files`) {
    json({
      Code: 200,
      Success: true,
      Data: { Files: [...files].map(([name, content]) => scopeFile(name, content)) },
    });
  } else if (path === `/api/v1/models/${repo}/repo`) {
    const file = searchParams.get('FilePath') ?? '';
    sendFile(hub, file, files.get(file) ?? Buffer.alloc(0), method, range, response);
  } else {
    const [, file = ''] = new RegExp(`^/${repo}/resolve/[^/]+/(.+)$`).exec(path) ?? [];
    const content = files.get(file);
    if (content === undefined) response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end();
    else sendFile(hub, file, content, method, range, response);
  }
}

function sendFile(
  hub: FakeHub,
  file: string,
  content: Buffer,
  method: string,
  range: string,
  response: ServerResponse,
): void {
  const from = Number(/^bytes=(\d+)-/.exec(range)?.[1] ?? 0);
  const body = content.subarray(from);
  response.writeHead(from > 0 ? 206 : 200, {
    'content-length': body.length,
    'accept-ranges': 'bytes',
    ...(from > 0 ? { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` } : {}),
    etag: `"${isLarge(file) ? sha256(content) : gitBlob(content)}"`,
    'x-repo-commit': hub.commit,
  });
  if (method === 'HEAD') return void response.end();
  if (hub.cut?.file === file) {
    const { afterBytes } = hub.cut;
    hub.cut = null;
    response.write(body.subarray(0, afterBytes), () => response.destroy());
    return;
  }
  response.end(body);
}

const isLarge = (name: string): boolean => name.endsWith('.safetensors');
const lfsOf = (name: string, content: Buffer) =>
  isLarge(name)
    ? { lfs: { oid: sha256(content), sha256: sha256(content), size: content.length, pointerSize: 134 } }
    : {};

const scopeFile = (name: string, content: Buffer) => ({
  Path: name,
  Name: name,
  Type: 'blob',
  Size: content.length,
  Sha256: sha256(content),
  Revision: 'c0ffee',
});

const infoOf = ({ commit }: FakeHub, repo: string, files: ReadonlyMap<string, Buffer>) => ({
  _id: '0',
  id: repo,
  modelId: repo,
  sha: commit,
  private: false,
  gated: false,
  tags: [],
  siblings: [...files].map(([rfilename, content]) => ({
    rfilename,
    size: content.length,
    blobId: gitBlob(content),
    ...lfsOf(rfilename, content),
  })),
});
