/** Judges the fit calculator on figures that engines printed for people (test/data/models/posted.json). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FitAnswer, fit } from '@dsr1/shared/models/fit';
import type { JsonObject } from '@dsr1/shared/models/reader';
import { recordQuestion } from '../../packages/ctl/src/fit/read-record.ts';

interface Figure {
  readonly value: number;
  readonly within: number;
}

export interface PostedFigure {
  readonly id: string;
  readonly source: string;
  readonly given: JsonObject;
  readonly expected: {
    readonly verdict?: string;
    readonly weights_gib_per_gpu?: Figure;
    readonly kv_bytes_per_token?: Figure;
    readonly kv_tokens?: Figure;
  };
}

export interface Judgement {
  readonly what: string;
  readonly ok: boolean;
  readonly wanted: number | string;
  readonly got: number | string | null;
}

export const postedFigures = (): PostedFigure[] =>
  JSON.parse(readFileSync(join(import.meta.dirname, '../data/models/posted.json'), 'utf8'));

export function judgePosted({ id, given, expected }: PostedFigure): Judgement[] {
  const answer = fit(recordQuestion(given));
  return Object.entries(expected).map(([name, wanted]) => {
    const got = figureOf(answer, name);
    const ok =
      typeof wanted === 'string'
        ? got === wanted
        : typeof got === 'number' && Math.abs(got - wanted.value) <= wanted.within * wanted.value;
    return { what: `${id} ${name}`, ok, wanted: typeof wanted === 'string' ? wanted : wanted.value, got };
  });
}

function figureOf({ verdict, figures }: FitAnswer, name: string): number | string | null {
  const { weightsBytes, tokenBytes, tokens } = figures;
  const values: Readonly<Record<string, number | string | null>> = {
    verdict,
    weights_gib_per_gpu: weightsBytes === null ? null : weightsBytes / 2 ** 30,
    kv_bytes_per_token: tokenBytes,
    kv_tokens: tokens,
  };
  return values[name] ?? null;
}
