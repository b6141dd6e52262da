/** What is known besides the logs, and the questions that rules ask of it. */
import type { FactLines, Scene } from './model.ts';

const MAX_FACTS = 500;
const MAX_DEPTH = 6;
/** Names of the files, not facts. */
const NOT_FACTS = new Set(['files']);

/** Flattens any JSON value (facts.json, a deployment) to `key: value` lines; `facts.gpu` is written `gpu`. */
export function factLines(value: unknown): FactLines {
  const lines: [string, string][] = [];
  const walk = (each: unknown, key: string, depth: number): void => {
    if (lines.length >= MAX_FACTS || each === null || each === undefined) return;
    if (typeof each !== 'object') lines.push([key, String(each).slice(0, 2000)]);
    else if (Array.isArray(each) && each.every((item) => typeof item !== 'object'))
      lines.push([key, each.join(' ').slice(0, 2000)]);
    else if (depth < MAX_DEPTH)
      for (const [name, inner] of Object.entries(each)) {
        if (depth === 0 && NOT_FACTS.has(name)) continue;
        walk(inner, key === '' || key === 'facts' ? name : `${key}.${name}`, depth + 1);
      }
  };
  walk(value, '', 0);
  return lines;
}

export function sceneOf(facts: FactLines, notes: ReadonlySet<string>): Scene {
  const lines = facts.map(([key, value]) => `${key}: ${value}`);
  return {
    facts,
    fact: (pattern) => lines.some((line) => pattern.test(line)),
    saw: (note) => notes.has(note),
  };
}

/** More than one node, as the facts or the command line say. */
export function multiNode(scene: Scene): boolean {
  return Number(factOf(scene, 'nodes')) > 1 || scene.fact(/--nnodes[= ]+(?:[2-9]|\d\d)/);
}

/** One node, as far as the facts say. */
export function singleNode(scene: Scene): boolean {
  return !multiNode(scene) && factOf(scene, 'nodes') !== null;
}

/** The same launch works with a setting that matches. */
export function worksWith(scene: Scene, setting: RegExp): boolean {
  return scene.facts.some(
    ([key, value]) => /work|help|fix|cure|solve|success/i.test(key) && setting.test(value),
  );
}

/** Somebody saw from outside that something is wrong. */
export function quietSymptom(scene: Scene): boolean {
  return scene.fact(/^(?:[\w.]*\.)?(?:symptom|observed|outside|condition|probe)\w*: /);
}

/** The version of the engine is known and not older. */
export function versionAtLeast(scene: Scene, major: number, minor: number): boolean {
  const found = /^(\d+)\.(\d+)/.exec(
    factOf(scene, 'engine_version') ?? factOf(scene, 'version_estimate') ?? '',
  );
  if (found === null) return false;
  return Number(found[1]) > major || (Number(found[1]) === major && Number(found[2]) >= minor);
}

/** Share of the GPU that is missing at the start; groups: free, total, share, asked. */
export function missingShare([, free, total, , asked]: readonly string[]): number {
  return (Number(asked) - Number(free)) / Number(total);
}

/** Share of the GPU that processes other than this one hold; groups: total, free, own. 0 when it is not said. */
export function usedByOthers([, total, free, own]: readonly string[]): number {
  if (own === undefined) return 0;
  return (Number(total) - gib(free ?? '') - gib(own)) / Number(total);
}

function gib(text: string): number {
  return Number.parseFloat(text) / (text.endsWith('MiB') ? 1024 : 1);
}

function factOf(scene: Scene, key: string): string | null {
  return scene.facts.find(([name]) => name === key)?.[1] ?? null;
}
