/** State folders of the daemons, and what to say when this user may not write them. */
import { Dsr1Error } from '@dsr1/shared/errors';
import { hostText } from '../text/host.ts';

export const AGENT_STATE_DIR = '/var/lib/dsr1-agent';
export const COORDINATOR_STATE_DIR = '/var/lib/dsr1-coordinator';

/** Runs `work`; EACCES and EPERM become FORBIDDEN with the way out. */
export async function withWriteAccess<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const { code, path: refused } = cause as NodeJS.ErrnoException;
    if (code !== 'EACCES' && code !== 'EPERM' && code !== 'EROFS') throw cause;
    throw new Dsr1Error('FORBIDDEN', hostText.notAllowed(refused ?? path), {
      cause,
      hint: hostText.notAllowedHint,
    });
  }
}
