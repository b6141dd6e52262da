/** What the coordinator may ask about models: the probe `model`. */
import { assertNever } from '@dsr1/shared/errors';
import { decode } from '@dsr1/shared/schema';
import { ModelQuery } from '@dsr1/shared/weights/query';
import type { Models } from './models.ts';
import { readModelConfig } from './read-config.ts';

/** @throws INVALID_ARGUMENT, and what the models throw */
export async function answerModelQuery(models: Models, value: unknown): Promise<unknown> {
  const query = decode(ModelQuery, value, { what: 'probe model' });
  switch (query.op) {
    case 'list':
      return models.list();
    case 'status':
      return models.status(query.path);
    case 'inspect':
      return models.inspect(query.path);
    case 'config':
      return readModelConfig(query.path);
    case 'verify':
      return models.verify(query.path);
    case 'hashes':
      return models.hashes(query.path);
    case 'range':
      return models.range(query);
    case 'pull':
      return models.pull(query);
    case 'remove':
      return models.remove(query.path);
  }
  return assertNever(query);
}
