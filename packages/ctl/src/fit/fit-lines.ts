/** An answer for people: the verdict and its reasons; with `--explain` the sum that an engineer would have written down. */
import { countText, sizeText } from '@dsr1/shared/facts/units';
import type { FitBody, SetsBody } from '@dsr1/shared/models/fit-body';
import { sumTable } from '@dsr1/shared/plan/fit';
import type { Style } from '../output/style.ts';
import { formatTable } from '../output/table.ts';

export function answerLines(answer: FitBody, explain: boolean, style: Style): string[] {
  const { verdict, because, assumed, nearest, figures } = answer;
  const colour = verdict === 'fits' ? style.green : verdict === null ? style.yellow : style.red;
  return [
    `verdict  ${colour(verdict ?? 'unknown')}`,
    ...because.map((reason) => `  ${reason}`),
    ...(nearest === null
      ? []
      : [
          `nearest  ${nearest.change}${nearest.tokens === null ? '' : ` (${nearest.tokens} tokens)`}`,
          `  ${nearest.flags.join(' ')}`,
        ]),
    ...(figures.weightsBytes === null ? [] : [`weights  ${sizeText(figures.weightsBytes)} a GPU`]),
    ...(figures.tokenBytes === null ? [] : [`cache    ${Math.round(figures.tokenBytes)} B a token a GPU`]),
    ...assumed.map((text) => style.yellow(`assumed  ${text}`)),
    ...(explain ? ['', ...explainLines(answer, style)] : []),
  ];
}

export function setLines({ sets, because }: SetsBody, most: number): string[] {
  const rows = sets
    .slice(0, most)
    .map(({ gpus, nodes, tensor, pipeline, figures }) => [
      `${gpus} GPUs`,
      countText(nodes.length, 'node'),
      `TP ${tensor}`,
      `PP ${pipeline}`,
      `${sizeText(figures.weightsBytes ?? 0)} weights a GPU`,
      `${figures.tokens ?? 0} tokens`,
      `${(figures.concurrency ?? 0).toFixed(1)} requests`,
      nodes.slice(0, 4).join(' '),
    ]);
  return [because, ...formatTable(rows), ...(sets.length > most ? [`and ${sets.length - most} more`] : [])];
}

function explainLines({ lines, parts, figures }: FitBody, style: Style): string[] {
  const total = (of: 'parameters' | 'bytes') => parts.reduce((sum, part) => sum + part[of], 0);
  const rows = parts.map((part) => [
    part.part,
    billions(part.parameters),
    sizeText(part.bytes),
    ...part.stageBytes.map((bytes) => gib(bytes)),
  ]);
  const stages = figures.stageWeightsBytes.map((_, stage) => `GPU of stage ${stage}`);
  const all = [
    'all',
    billions(total('parameters')),
    sizeText(total('bytes')),
    ...figures.stageWeightsBytes.map(gib),
  ];
  return [
    style.bold('weights'),
    ...formatTable([['part', 'parameters', 'stored', ...stages], ...rows, all]),
    '',
    style.bold('one GPU of the stage that limits'),
    ...formatTable(sumTable(lines)),
  ];
}

const billions = (parameters: number): string => `${(parameters / 1e9).toFixed(3)} B`;
const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(2)} GiB`;
