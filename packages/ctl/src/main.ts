/** dsr1ctl: the HTTP API for people, and the host's own commands (`init`, `join`, `leave`, `facts`, `doctor`). */
import { realpathSync } from 'node:fs';
import { processIo } from './io.ts';
import { run } from './run.ts';

const io = processIo(realpathSync(process.argv[1] ?? import.meta.filename));
process.exitCode = await run(process.argv.slice(2), io);
