import { toDsr1Error } from '@dsr1/shared/errors';
import type { Logger } from '@dsr1/shared/logger';

/**
 * Writes that remember what a node said. A full disk must not cut nodes off: what they said is in memory, and they say it
 * again after a restart. Every other failure is thrown.
 */
export async function remember(log: Pick<Logger, 'error'>, write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (thrown) {
    const error = toDsr1Error(thrown);
    if (error.code !== 'DISK_FULL') throw thrown;
    log.error({ err: error }, 'a report of a node could not be kept');
  }
}
