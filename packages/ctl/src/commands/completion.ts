/** `dsr1ctl completion bash|zsh|fish`: a script made of the command tree itself, so it is always current. */
import { Argument, Command } from 'commander';
import type { CtlIo } from '../io.ts';
import { generalText } from '../text/general.ts';

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;
type Shell = keyof typeof SCRIPTS;

export function completionCommand(io: CtlIo): Command {
  const command = new Command('completion').description(generalText.completion);
  command.addArgument(new Argument('<shell>', generalText.completionShell).choices(Object.keys(SCRIPTS)));
  return command.action((shell: Shell) => {
    io.stdout.write(`${SCRIPTS[shell](wordsByPath(rootOf(command)))}\n`);
  });
}

/** Command path (`''`, `node`, `node list`) → words that may follow it. */
type WordsByPath = ReadonlyMap<string, readonly string[]>;

function wordsByPath(command: Command, path: readonly string[] = []): WordsByPath {
  const flags = command.options
    .filter((option) => !option.hidden)
    .map((option) => option.long ?? option.flags);
  const words = [...command.commands.map((child) => child.name()), ...flags, '--help'];
  const below = command.commands.flatMap((child) => [...wordsByPath(child, [...path, child.name()])]);
  return new Map([[path.join(' '), words], ...below]);
}

const rootOf = (command: Command): Command => (command.parent ? rootOf(command.parent) : command);

function bashScript(words: WordsByPath): string {
  const cases = [...words].map(([path, list]) => `    '${path}') words='${list.join(' ')}' ;;`);
  return `_dsr1ctl() {
  local path='' word words=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $word == -* ]] || path="\${path:+$path }$word"
  done
  case $path in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
  [[ \${#COMPREPLY[@]} -gt 0 ]] || COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _dsr1ctl dsr1ctl`;
}

function zshScript(words: WordsByPath): string {
  return `autoload -U +X bashcompinit && bashcompinit\n${bashScript(words)}`;
}

function fishScript(words: WordsByPath): string {
  const lines = [...words].map(([path, list]) => {
    const condition =
      path === '' ? '__fish_use_subcommand' : `__fish_seen_subcommand_from ${path.split(' ').at(-1)}`;
    return `complete -c dsr1ctl -n '${condition}' -a '${list.join(' ')}'`;
  });
  return lines.join('\n');
}
