/** `dsr1-agent hash-files FILE…`: a full check in a process of its own, so that the agent stays quick and small. */
import { constants, setPriority } from 'node:os';
import { toDsr1Error } from '@dsr1/shared/errors';
import { Command } from 'commander';
import { hashFile } from './hash-file.ts';

/** One JSON line for every block read (`{"read": bytes}`) and for every file (`{"file", "hashes"}` or `{"file", "unreadable"}`). */
export function hashFilesCommand(): Command {
  return new Command('hash-files')
    .description('hash whole files; used by the agent itself')
    .argument('<files...>')
    .action(async (files: readonly string[]) => {
      setPriority(constants.priority.PRIORITY_LOW);
      const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
      for (const file of files) {
        try {
          say({ file, hashes: await hashFile(file, (read) => say({ read })) });
        } catch (thrown) {
          const { message, details } = toDsr1Error(thrown);
          say({ file, unreadable: message, offset: details.offset ?? null });
        }
      }
    });
}
