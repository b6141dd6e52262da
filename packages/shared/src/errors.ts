/** The one error class, and the one shape in which errors travel. */
import { type Static, Type } from 'typebox';
import { ERROR_TABLE, type ErrorCode } from './error-table.ts';

export interface ErrorOptions {
  /** What to do next, as a command or a setting. */
  readonly hint?: string;
  /** Facts for machines: names, numbers, tables. Never secrets. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/**
 * An error for people. The message says what was expected and what was found; it does not repeat its cause's message.
 */
export class Dsr1Error extends Error {
  readonly code: ErrorCode;
  readonly hint: string | null;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Dsr1Error';
    this.code = code;
    this.hint = options.hint ?? null;
    this.details = options.details ?? {};
  }

  get entry() {
    return ERROR_TABLE[this.code];
  }

  toBody(): ErrorBody {
    return {
      error: { code: this.code, message: this.message, hint: this.hint, details: { ...this.details } },
    };
  }
}

/** JSON body of every error answer of the HTTP API. */
export const ErrorBody = Type.Object({
  error: Type.Object({
    code: Type.String(),
    message: Type.String(),
    hint: Type.Union([Type.String(), Type.Null()]),
    details: Type.Record(Type.String(), Type.Unknown()),
  }),
});
export type ErrorBody = Static<typeof ErrorBody>;

export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(ERROR_TABLE, code);

/** Any thrown value as a Dsr1Error: itself, or INTERNAL with the value as cause. */
export function toDsr1Error(thrown: unknown): Dsr1Error {
  if (thrown instanceof Dsr1Error) return thrown;
  if (isDiskFull(thrown)) {
    return new Dsr1Error('DISK_FULL', 'no room left on the disk that holds the state directory', {
      cause: thrown,
      hint: 'free some space; nothing was lost and the next try continues',
    });
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new Dsr1Error('INTERNAL', message, { cause: thrown });
}

/** ENOSPC of the file system, or SQLITE_FULL (13). */
function isDiskFull(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  const { code, errcode } = thrown as Error & { code?: unknown; errcode?: unknown };
  return code === 'ENOSPC' || code === 'EDQUOT' || errcode === 13;
}

/** Proof to the compiler that a switch is exhaustive. */
export function assertNever(value: never): never {
  throw new Dsr1Error('INTERNAL', `unexpected value ${JSON.stringify(value)}`);
}
