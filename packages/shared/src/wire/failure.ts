import { toDsr1Error } from '../errors.ts';
import type { Failure } from './messages.ts';

/** Whatever was thrown as an answer to the other side; `details.takenPorts` goes with it, a stack does not. */
export function failureOf(thrown: unknown): Failure {
  const { code, message, hint, details } = toDsr1Error(thrown);
  return {
    code,
    message,
    hint,
    ...(Array.isArray(details.takenPorts) ? { takenPorts: details.takenPorts } : {}),
  };
}
