/** A Python package that says it is SGLang and has a parser of a few flags; the least that a reading needs. */
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const PYTHON = '/usr/bin/python3';

/** `python3.11`, as the machine's own interpreter names its library. */
export const pythonLibrary = (): string =>
  readdirSync('/usr/lib').find((name) => /^python3\.\d+$/.test(name)) ?? 'python3';

/** Puts it into a folder of packages; `code` runs when its parser is imported. */
export function anEngine(packages: string, version: string, flags: readonly string[], code = ''): void {
  const info = join(packages, `sglang-${version}.dist-info`);
  mkdirSync(info, { recursive: true });
  writeFileSync(join(info, 'METADATA'), `Metadata-Version: 2.1\nName: sglang\nVersion: ${version}\n`);
  mkdirSync(join(packages, 'torch-9.1.0.dist-info'));
  writeFileSync(
    join(packages, 'torch-9.1.0.dist-info/METADATA'),
    'Metadata-Version: 2.1\nName: torch\nVersion: 9.1.0\n',
  );
  mkdirSync(join(packages, 'sglang/srt'), { recursive: true });
  const adds = [
    'pass',
    ...flags.map((flag) =>
      flag.endsWith('!')
        ? `parser.add_argument("${flag.slice(0, -1)}", action="store_true")`
        : `parser.add_argument("${flag}")`,
    ),
  ];
  writeFileSync(
    join(packages, 'sglang/srt/server_args.py'),
    `print("engines print when they are imported")
${code}
class ServerArgs:
    @staticmethod
    def add_cli_args(parser):
        ${adds.join('\n        ')}
`,
  );
}

/** A virtual environment of the machine's Python with that engine; answers its interpreter. */
export function anEnvironment(prefix: string, version: string, flags: readonly string[]): string {
  mkdirSync(join(prefix, 'bin'), { recursive: true });
  symlinkSync(PYTHON, join(prefix, 'bin/python'));
  writeFileSync(join(prefix, 'pyvenv.cfg'), 'home = /usr/bin\nversion = 3.11.2\n');
  anEngine(join(prefix, 'lib', pythonLibrary(), 'site-packages'), version, flags);
  return join(prefix, 'bin/python');
}
