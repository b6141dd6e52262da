/**
 * A container's output in the rank's log file. Docker keeps it whatever becomes of the agent; the copy goes on where the
 * file ends, so an agent that was away catches up.
 */
import { open } from 'node:fs/promises';
import type { DockerApi } from './docker-api.ts';
import { query } from './docker-api.ts';

/** Copies until the container has ended and everything is written. */
export async function copyLog(api: DockerApi, container: string, logFile: string): Promise<void> {
  const file = await open(logFile, 'a', 0o600);
  try {
    let skip = (await file.stat()).size;
    const path = query(`/containers/${container}/logs`, { follow: '1', stdout: '1', stderr: '1' });
    const frames = frameReader();
    const output = await api.stream('GET', path);
    // Copying does not keep the agent alive.
    output.socket.unref();
    if (output.statusCode !== 200) return void output.resume();
    for await (const chunk of output) {
      for (const payload of frames(chunk as Buffer)) {
        const fresh = payload.subarray(Math.min(skip, payload.length));
        skip -= payload.length - fresh.length;
        if (fresh.length > 0) await file.write(fresh);
      }
    }
  } finally {
    await file.close();
  }
}

/**
 * Payloads of the frames that standard output and error come in: 8 bytes (stream, three zeros, length as big-endian
 * 32 bits), then the payload. A payload may be given in pieces. Docker Engine API, "Attach to a container".
 */
export function frameReader(): (chunk: Buffer) => readonly Buffer[] {
  let header = Buffer.alloc(0);
  let left = 0;
  return (chunk) => {
    const payloads: Buffer[] = [];
    for (let at = 0; at < chunk.length; ) {
      if (left === 0) {
        const part = chunk.subarray(at, at + 8 - header.length);
        header = Buffer.concat([header, part]);
        at += part.length;
        if (header.length < 8) break;
        left = header.readUInt32BE(4);
        header = Buffer.alloc(0);
      } else {
        const payload = chunk.subarray(at, at + left);
        payloads.push(payload);
        at += payload.length;
        left -= payload.length;
      }
    }
    return payloads;
  };
}
