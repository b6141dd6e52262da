/**
 * A container's output in the rank's log file. Docker keeps it whatever becomes of the agent; the copy goes on where the
 * file ends, so an agent that was away catches up.
 */
import { constants, open } from 'node:fs/promises';
import type { DockerApi } from './docker-api.ts';
import { query } from './docker-api.ts';

/** Copies until the output ends. Every byte has its place in the file, so two copies at a time write the same. */
export async function copyLog(api: DockerApi, container: string, logFile: string): Promise<void> {
  const file = await open(logFile, constants.O_WRONLY | constants.O_CREAT, 0o600);
  try {
    const { size } = await file.stat();
    const path = query(`/containers/${container}/logs`, { follow: '1', stdout: '1', stderr: '1' });
    const output = await api.stream('GET', path);
    // Copying does not keep the agent alive.
    output.socket.unref();
    if (output.statusCode !== 200) return void output.resume();
    const frames = frameReader();
    let position = 0;
    for await (const chunk of output) {
      for (const payload of frames(chunk as Buffer)) {
        const known = Math.min(payload.length, Math.max(0, size - position));
        await file.write(payload, known, payload.length - known, position + known);
        position += payload.length;
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
