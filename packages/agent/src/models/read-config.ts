/** What a model folder says of its model: config.json, and how many bytes its shards have by their index. */
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { totalSize } from '@dsr1/shared/models/model-files';
import type { ModelConfig } from '@dsr1/shared/weights/model';
import { INDEX_FILE } from '@dsr1/shared/weights/shards';

export async function readModelConfig(path: string): Promise<ModelConfig> {
  const config = await readHead(join(path, 'config.json'), MAX_CONFIG_BYTES + 1);
  const index = await readHead(join(path, INDEX_FILE), INDEX_HEAD_BYTES);
  const alone = await stat(join(path, 'model.safetensors')).catch(() => null);
  return {
    config: config === null || config.length > MAX_CONFIG_BYTES ? null : config,
    storedBytes: index === null ? (alone?.size ?? null) : totalSize(index),
  };
}

/** The longest of published ones, with a list of modules for each layer, has some 100 KB. */
const MAX_CONFIG_BYTES = 1024 * 1024;
/** `metadata` stands before the map of 92,095 tensors. */
const INDEX_HEAD_BYTES = 4096;

async function readHead(path: string, most: number): Promise<string | null> {
  const handle = await open(path, 'r').catch(() => null);
  if (handle === null) return null;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(most), 0, most, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } catch {
    // A folder, or a disk that refuses.
    return null;
  } finally {
    await handle.close();
  }
}
