/** Names of modules that a config excludes from quantisation: exact, a prefix, a part, or `re:` with wildcards. */

export interface ModulePattern {
  /** Parts that must follow one another in the name. */
  readonly parts: readonly string[];
  /** `model.layers.3.…` names one layer; null means every layer. */
  readonly layer: number | null;
  /** The name may go on after the last part without a dot. */
  readonly open: boolean;
}

/**
 * A pattern of the list. Of regular expressions only what such lists use is read: wildcards and one group of
 * alternatives, which become several patterns, so that no expression of a stranger ever runs.
 */
export function modulePattern(text: unknown): ModulePattern[] {
  if (typeof text !== 'string' || text.length > 500) return [];
  const [, before = '', group, after = ''] = /^([^(]*)\(([^()]*)\)(.*)$/.exec(text) ?? [];
  const alternatives =
    group === undefined ? [text] : group.split('|').map((word) => `${before}${word}${after}`);
  return alternatives.slice(0, 20).map(single);
}

/** `name` is a path without its layer: `self_attn.q_proj`, `mlp.experts`. */
export function patternMatches(pattern: ModulePattern, name: string, layer: number | null): boolean {
  if (pattern.layer !== null && pattern.layer !== layer) return false;
  let from = 0;
  for (const part of pattern.parts) {
    const at = name.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return pattern.open || from === name.length || name[from] === '.';
}

function single(text: string): ModulePattern {
  const [, digits, rest] = /layers\.(\d{1,5})\.(.*)$/.exec(text) ?? [];
  const path = (rest ?? text.replace(/^re:/, '')).replaceAll('shared_experts', 'shared_expert');
  const parts = path
    .replace(/[\^$?:]/g, '')
    .split(/\.?\*|\\d\+|\[[^\]]*\]\+?/)
    .map((part) =>
      part
        .replaceAll('\\.', '.')
        .replaceAll('\\', '')
        .replace(/^\.|\.$/g, ''),
    )
    .map((part) => part.replace(/^(?:model|language_model|layers)\.(?:layers\.?)?/, ''))
    .filter((part) => part !== '' && part !== 'model' && part !== 'layers');
  return {
    parts: parts.length > 0 || digits !== undefined ? parts : [NEVER],
    layer: digits === undefined ? null : Number(digits),
    open: parts.length === 0 || /[*+]\$?$/.test(path),
  };
}

/** In no name: a pattern of nothing matches nothing. */
const NEVER = '\0';
