/** Holds the shape of the project: who may import whom, which folders stay pure, how long a file may be. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { test } from 'tap';

const root = resolve(import.meta.dirname, '../..');
const PACKAGES = ['shared', 'agent', 'coordinator', 'ctl'] as const;

/** Folders whose code is a function of its arguments: no I/O, no clock, no randomness. */
const PURE = [
  'packages/shared/src/diagnose',
  'packages/shared/src/engines',
  'packages/shared/src/fabric',
  'packages/shared/src/facts',
  'packages/shared/src/models',
  'packages/shared/src/plan',
  'packages/shared/src/spec',
  'packages/shared/src/weights',
  'packages/coordinator/src/plan',
  'packages/coordinator/src/reconcile',
];
const PURE_LIBRARIES = ['typebox', 'typebox/value', 'yaml', 'commander'];
const IMPURE_CALLS =
  /\b(Date\.now|new Date\(\)|performance\.now|Math\.random|process\.(?:env|argv|pid|cwd|std\w+|exit\w*|platform|hrtime|on)|setTimeout|setInterval|fetch)\b/;
const MAX_LINES = 500;

interface Source {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
}

function sources(): Source[] {
  return PACKAGES.flatMap((name) => typescriptFiles(join(root, 'packages', name, 'src'))).map((path) => {
    const text = readFileSync(path, 'utf8');
    const imports = [...text.matchAll(/^(?:import|export)\b[^;]*?\bfrom '([^']+)'/gms)].map(
      (match) => match[1] ?? '',
    );
    const dynamic = [...text.matchAll(/\bimport\('([^']+)'\)/g)].map((match) => match[1] ?? '');
    return { path: relative(root, path), text, imports: [...imports, ...dynamic] };
  });
}

function typescriptFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === 'generated') return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? typescriptFiles(path) : path.endsWith('.ts') ? [path] : [];
  });
}

const packageOf = (path: string): string => path.split('/')[1] ?? '';
const isPure = (path: string): boolean => PURE.some((folder) => path.startsWith(`${folder}/`));
const all = sources();

test('shared is imported by all, and nobody imports sideways', (t) => {
  t.ok(all.length > 50, 'the tree was read');
  const wrong = all.flatMap(({ path, imports }) =>
    imports.flatMap((name) => {
      const own = packageOf(path);
      const target = /^@dsr1\/([a-z]+)\//.exec(name)?.[1] ?? (name.includes('/packages/') ? 'a path' : null);
      return target === null || target === 'shared' || target === own ? [] : [`${path} imports ${name}`];
    }),
  );
  t.same(wrong, []);
  t.end();
});

test('pure folders import nothing that acts', (t) => {
  const wrong = all
    .filter(({ path }) => isPure(path))
    .flatMap(({ path, imports }) =>
      imports
        .filter(
          (name) =>
            !name.startsWith('.') && !name.startsWith('@dsr1/shared/') && !PURE_LIBRARIES.includes(name),
        )
        .map((name) => `${path} imports ${name}`),
    );
  t.same(wrong, []);
  t.end();
});

test('pure folders use no clock, no randomness and no process', (t) => {
  const wrong = all
    .filter(({ path }) => isPure(path))
    .flatMap(({ path, text }) =>
      withoutComments(text)
        .split('\n')
        .flatMap((line) => (IMPURE_CALLS.test(withoutStrings(line)) ? [`${path}: ${line.trim()}`] : [])),
    );
  t.same(wrong, []);
  t.end();
});

test('nothing passes through a shell', (t) => {
  const wrong = all
    .filter(({ text }) => /shell: true|\bexecSync\(|(?<![.\w])exec\(['"`]/.test(withoutComments(text)))
    .map(({ path }) => path);
  t.same(wrong, []);
  t.end();
});

test('files stay small and finished', (t) => {
  const long = all.filter(({ text }) => text.split('\n').length > MAX_LINES).map(({ path }) => path);
  t.same(long, [], `no file over ${MAX_LINES} lines`);
  const unfinished = all.filter(({ text }) => /\b(TODO|FIXME|XXX)\b/.test(text)).map(({ path }) => path);
  t.same(unfinished, [], 'nothing left for later in the code');
  const lengths = all.map(({ text }) => text.split('\n').length).sort((a, b) => a - b);
  const at = (share: number): number => lengths[Math.floor((lengths.length - 1) * share)] ?? 0;
  t.ok(at(0.5) <= 100, `median file has ${at(0.5)} lines, at most 100`);
  t.ok(at(0.95) <= 300, `95th percentile has ${at(0.95)} lines, at most 300`);
  t.end();
});

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}

/** The line with the insides of strings and regular expressions taken out. */
function withoutStrings(line: string): string {
  return line.replace(/'[^']*'|"[^"]*"|`[^`]*`/g, "''").replace(/\/(?:[^/\\\n]|\\.)+\/[a-z]*/g, '//');
}
