/** The least registry that Docker pulls from (OCI distribution, pull only): one image of one small layer. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';

export interface Registry {
  /** `127.0.0.1:PORT/tiny@sha256:…` */
  readonly image: string;
  close(): void;
}

const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';

export async function startRegistry(): Promise<Registry> {
  const tar = execFileSync('tar', ['-C', import.meta.dirname, '-cf', '-', 'registry.ts']);
  const layer = gzipSync(tar);
  const config = Buffer.from(
    JSON.stringify({
      architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
      os: 'linux',
      config: {},
      rootfs: { type: 'layers', diff_ids: [digestOf(tar)] },
    }),
  );
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: described('application/vnd.docker.container.image.v1+json', config),
      layers: [described('application/vnd.docker.image.rootfs.diff.tar.gzip', layer)],
    }),
  );
  const content = new Map([
    ['/v2/', { type: 'application/json', body: Buffer.from('{}') }],
    [`/v2/tiny/manifests/${digestOf(manifest)}`, { type: MANIFEST, body: manifest }],
    [`/v2/tiny/blobs/${digestOf(config)}`, { type: 'application/octet-stream', body: config }],
    [`/v2/tiny/blobs/${digestOf(layer)}`, { type: 'application/octet-stream', body: layer }],
  ]);
  const server = createServer(({ url = '', method }, answer) => {
    const found = content.get(url);
    if (found === undefined) return void answer.writeHead(404).end();
    answer.writeHead(200, {
      'content-type': found.type,
      'content-length': found.body.length,
      'docker-content-digest': digestOf(found.body),
    });
    answer.end(method === 'HEAD' ? undefined : found.body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    image: `127.0.0.1:${port}/tiny@${digestOf(manifest)}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

const digestOf = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const described = (mediaType: string, bytes: Buffer) => ({
  mediaType,
  size: bytes.length,
  digest: digestOf(bytes),
});
