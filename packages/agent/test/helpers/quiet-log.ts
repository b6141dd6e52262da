import type { Logger } from '@dsr1/shared/logger';
import { createLogger } from '@dsr1/shared/logger';

/** Set DSR1_TEST_LOG=debug to see what the code under test logs. */
export const quietLog = (): Logger => createLogger('test', process.env.DSR1_TEST_LOG ?? 'silent');
