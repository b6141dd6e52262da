/** Schema helpers that every facts file uses. */
import { type Static, type TSchema, Type } from 'typebox';

/** Schema of `T | null`: "the format could show it and this evidence does not". */
export const Nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

const Undetected = Type.Object({ detected: Type.Literal(false), reason: Type.String() });
export type Undetected = Static<typeof Undetected>;

/**
 * Schema of one probe's answer: what it saw and where it looked, or why it could not see.
 * A missing tool or an unreadable file is data, never an exception.
 */
export const Probe = <T extends TSchema>(schema: T) =>
  Type.Union([
    Type.Object({ detected: Type.Literal(true), source: Type.String(), value: schema }),
    Undetected,
  ]);

export type Probe<T> = { detected: true; source: string; value: T } | Undetected;

/** The value of a probe's answer, or `fallback` when it saw nothing. */
export function probed<T>(probe: Probe<T> | undefined, fallback: T): T {
  return probe?.detected ? probe.value : fallback;
}
