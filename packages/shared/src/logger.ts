/** Logs are JSON lines on stderr: constant message, fields for the rest, secrets redacted. */
import { destination, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

export const REDACTED_FIELDS = [
  'token',
  'secret',
  'apiKey',
  'authorization',
  'key',
  '*.token',
  '*.secret',
  '*.apiKey',
  '*.key',
];

/** Root logger of a program (`name`); pass children down with `logger.child({ part: 'session' })`. */
export function createLogger(name: string, level: string): Logger {
  return pino({ name, level, redact: { paths: REDACTED_FIELDS, censor: '[redacted]' } }, destination(2));
}
