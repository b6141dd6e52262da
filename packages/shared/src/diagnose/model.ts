/** What diagnosis works on and answers. Pure data. */
import { type Static, Type } from 'typebox';
import type { FabricCategory } from '../fabric/diagnose/categories.ts';
import { Nullable } from '../facts/nullable.ts';
import type { Category } from './categories.ts';

/** `fabric` categories that no launch rule has are told too when nothing else is found. */
export type DiagnosisCategory = Category | FabricCategory | 'unknown';

export const EvidenceLine = Type.Object({
  file: Type.String(),
  /** As logged. */
  line: Type.String(),
  /** From 1. */
  number: Type.Integer(),
});
export type EvidenceLine = Static<typeof EvidenceLine>;

export const Diagnosis = Type.Object({
  category: Type.Unsafe<DiagnosisCategory>(Type.String()),
  cause: Type.String(),
  /** Exact settings or commands. */
  fix: Type.String(),
  /** 0..1 */
  confidence: Type.Number(),
  evidence: Type.Array(EvidenceLine),
  /** Who said the deciding line first: `rank1.log (Worker_TP8)`. */
  where: Nullable(Type.String()),
});
export type Diagnosis = Static<typeof Diagnosis>;

/** What an operator or an agent knows besides the logs, as `key: value`; keys of nested values are joined by dots. */
export type FactLines = readonly (readonly [key: string, value: string])[];

/**
 * `proof`: says the cause itself; `strong`: this cause nearly always; `hint`: a guess better than none; `guess`: told
 * by nothing but the kind of exception and the module that raised it;
 * `consequence`: the end of something that happened elsewhere, never before a cause.
 */
export type Strength = 'proof' | 'strong' | 'hint' | 'guess' | 'consequence';

/** What a rule may look at besides its line. */
export interface Scene {
  readonly facts: FactLines;
  /** Some `key: value` of the facts matches. */
  fact(pattern: RegExp): boolean;
  /** A note with this id was seen in any log. */
  saw(note: string): boolean;
}

export interface Rule {
  readonly id: string;
  readonly category: Category;
  /** What decides, in a line without its prefixes. */
  readonly line: RegExp;
  /** The innermost frame of the traceback that ends in this line: `File "…", line N, in f`. */
  readonly frame?: RegExp;
  readonly strength: Strength;
  /** A limit that fired while this rank waited: behind a cause that was seen before it, or on another rank. */
  readonly waits?: true;
  /** Only where no rule before it knows the line. */
  readonly last?: true;
  /** Who prints this: file of the program, or the document that defines it. */
  readonly source: string;
  /** Holds besides the line; `match` are the groups of `line`. */
  readonly when?: (scene: Scene, match: readonly string[]) => boolean;
  /** Counts only when nothing else was found: silence and green lines. */
  readonly quiet?: true;
  /** Notes whose lines prove it too. */
  readonly beside?: readonly string[];
  /** More exact than the words of the category; `$1` is the first group of `line`. */
  readonly cause?: string;
  readonly fix?: string;
}

/** A line that says nothing wrong by itself and helps to tell causes apart. */
export interface Note {
  readonly id: string;
  readonly line: RegExp;
}
