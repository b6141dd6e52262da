/** `scripts/demo`: the story on this machine's loopback, or on real systemd hosts with `--hosts`. */
import { parseArgs } from 'node:util';
import { toDsr1Error } from '@dsr1/shared/errors';
import { hostsStory } from './hosts.ts';
import { loopbackStory } from './loopback.ts';
import { openStage } from './stage.ts';

const HELP = `scripts/demo [--keep] [--hosts [--engine vllm|sglang]]

  (no flag)         coordinator and two agents as processes of this machine, on loopback addresses, with the rehearsal engine
  --keep            leave it up and print what to try next; Ctrl-C ends it
  --hosts           the same on two real systemd hosts, with a reboot (root, Debian or Ubuntu; builds its hosts once, 75 s)
  --engine ENGINE   with --hosts: real vLLM or SGLang for CPUs with a tiny model (installed once into ~/.cache/dsr1)
`;

async function main(): Promise<number> {
  const { values: flags } = parseArgs({
    options: {
      keep: { type: 'boolean', default: false },
      hosts: { type: 'boolean', default: false },
      engine: { type: 'string', default: 'rehearsal' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (flags.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const { engine } = flags;
  if (engine !== 'rehearsal' && engine !== 'vllm' && engine !== 'sglang')
    return refuse(`--engine: expected vllm or sglang, found '${engine}'`);
  if (engine !== 'rehearsal' && !flags.hosts)
    return refuse(`--engine ${engine} needs --hosts: real engines take two hosts`);
  const stage = openStage(performance.now());
  const interrupted = new Promise<'interrupted'>((resume) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resume('interrupted'));
  });
  try {
    const story = flags.hosts ? hostsStory(stage, engine) : loopbackStory(stage);
    const ending = await Promise.race([story, interrupted]);
    if (ending === 'interrupted') return 130;
    if (flags.keep) {
      stage.say('left up; try these, Ctrl-C ends it:');
      stage.show(ending.next.join('\n'));
      await interrupted;
    }
    return 0;
  } catch (thrown) {
    process.stderr.write(`demo: ${toDsr1Error(thrown).message}\n`);
    return 1;
  } finally {
    await stage.end();
  }
}

function refuse(message: string): number {
  process.stderr.write(`${message}\n${HELP}`);
  return 2;
}

process.exit(await main());
