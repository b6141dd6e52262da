/** The part of a plan that says whether the model fits on its GPUs, with the sum. */
import { type Static, Type } from 'typebox';
import { Nullable } from '../facts/nullable.ts';
import { sizeText } from '../facts/units.ts';
import { FitChange, FitLine } from '../models/fit-body.ts';
import { columns } from './columns.ts';

const figure = Nullable(Type.Number());

export const PlanFit = Type.Object({
  /** `near`: it lacks less than the sum may be wrong by. `not-judged`: `because` says what is not known. */
  verdict: Type.Union([
    Type.Literal('fits'),
    Type.Literal('near'),
    Type.Literal('does-not-fit'),
    Type.Literal('illegal'),
    Type.Literal('not-judged'),
  ]),
  because: Type.Array(Type.String()),
  /** As a diagnosis would name it; null where nothing is wrong or nothing is known. */
  category: Nullable(Type.String()),
  nearest: Nullable(FitChange),
  /** On one GPU of the first pipeline stage. */
  weightsBytes: figure,
  /** In the cache of one GPU of the stage that limits, for one token. */
  tokenBytes: figure,
  tokens: figure,
  contextTokens: figure,
  concurrency: figure,
  lines: Type.Array(FitLine),
});
export type PlanFit = Static<typeof PlanFit>;

/** For people; `explain` adds the sum line by line. */
export function fitLines(
  { verdict, because, nearest, weightsBytes, tokenBytes, lines }: PlanFit,
  explain: boolean,
): string[] {
  const says = because.join('; ');
  const sizes = [
    ...(weightsBytes === null ? [] : [`${sizeText(weightsBytes)} of weights on a GPU`]),
    ...(tokenBytes === null ? [] : [`${Math.round(tokenBytes)} B a token in its cache`]),
  ].join(', ');
  return [
    `${verdict.replaceAll('-', ' ')}: ${says}`,
    ...(sizes === '' ? [] : [sizes]),
    ...(nearest === null ? [] : [`nearest that fits: ${nearest.change} (${nearest.flags.join(' ')})`]),
    ...(explain ? columns(sumTable(lines)) : []),
  ];
}

/** Rows of what, how much, how. */
export const sumTable = (lines: PlanFit['lines']): string[][] =>
  lines.map(({ what, how, bytes }) => [
    what,
    bytes === null
      ? ''
      : what === 'one token'
        ? `${Math.round(bytes)} B`
        : `${(bytes / 2 ** 30).toFixed(2)} GiB`,
    how,
  ]);
