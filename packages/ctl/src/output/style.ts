/** Colours where a person reads (a terminal without NO_COLOR, https://no-color.org); plain text everywhere else. */
import type { CtlIo, Output } from '../io.ts';

const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;
export type StyleName = keyof typeof CODES;
export type Style = Readonly<Record<StyleName, (text: string) => string>>;

export function createStyle(output: Output, env: CtlIo['env']): Style {
  const enabled = output.isTTY && !env.NO_COLOR && env.TERM !== 'dumb';
  const paint = (name: StyleName) => (text: string) => {
    const [on, off] = CODES[name];
    return enabled ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  };
  return {
    bold: paint('bold'),
    dim: paint('dim'),
    red: paint('red'),
    green: paint('green'),
    yellow: paint('yellow'),
    cyan: paint('cyan'),
  };
}

/** Columns that a text takes on a terminal (colour codes take none). */
export const visibleWidth = (text: string): number => stripStyle(text).length;

export const stripStyle = (text: string): string => text.replace(/\u001b\[\d+m/g, '');
