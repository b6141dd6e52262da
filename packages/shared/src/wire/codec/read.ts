/** Readers that the codec shares: protobuf has the types right, the rest is checked here and named when wrong. */
import { Dsr1Error } from '../../errors.ts';
import type { Failure } from '../messages.ts';

/** @throws INVALID_ARGUMENT naming the message, the field and what was found */
export function malformed(where: string, expected: string, found: unknown): never {
  const text = typeof found === 'string' ? JSON.stringify(found.slice(0, 80)) : String(found);
  throw new Dsr1Error(
    'INVALID_ARGUMENT',
    `malformed message: ${where} should be ${expected}, found ${text}`,
    {
      hint: 'agent and coordinator may be of different versions: compare `dsr1-agent version` and `dsr1ctl version`',
    },
  );
}

/** A whole number from 0 that JavaScript holds exactly. */
export function whole(where: string, value: number): number {
  return Number.isSafeInteger(value) && value >= 0
    ? value
    : malformed(where, 'a whole number from 0 to 2^53-1', value);
}

export function oneOf<const T extends string>(where: string, allowed: readonly T[], value: string): T {
  const found = allowed.find((candidate) => candidate === value);
  return found ?? malformed(where, `one of ${allowed.join(', ')}`, value);
}

export function present<T>(where: string, value: T | null | undefined): T {
  return value ?? malformed(where, 'set', 'nothing');
}

export function nonEmpty(where: string, value: string): string {
  return value === '' ? malformed(where, 'a text', '') : value;
}

/** protobuf's "" is our null. */
export const orNull = (value: string): string | null => (value === '' ? null : value);

export function json(where: string, bytes: Uint8Array): unknown {
  if (bytes.length === 0) return null;
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8'));
  } catch {
    return malformed(where, 'JSON', `${bytes.length} bytes`);
  }
}

/** `null` travels as no bytes. */
export const jsonBytes = (value: unknown): Uint8Array =>
  value === null || value === undefined ? new Uint8Array(0) : Buffer.from(JSON.stringify(value));

export const encodeFailure = (failure: Failure | null) =>
  failure === null
    ? null
    : {
        code: failure.code,
        message: failure.message,
        hint: failure.hint ?? '',
        takenPorts: [...(failure.takenPorts ?? [])],
      };

export const decodeFailure = (
  failure: { code: string; message: string; hint: string; takenPorts: number[] } | null,
): Failure | null =>
  failure === null
    ? null
    : {
        code: nonEmpty('failure.code', failure.code),
        message: failure.message,
        hint: orNull(failure.hint),
        ...(failure.takenPorts.length === 0 ? {} : { takenPorts: failure.takenPorts }),
      };
