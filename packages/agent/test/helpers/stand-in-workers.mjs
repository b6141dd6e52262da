// An engine's main process with a worker for each TITLE, which each have a helper of the same name. Says `up PID…` once
// they carry their names.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const [role, ...titles] = process.argv.slice(2);

async function begin(...argv) {
  const child = spawn(process.execPath, [import.meta.filename, ...argv], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child.pid;
}

setInterval(() => {}, 60_000);
if (role === 'main') {
  const pids = await Promise.all(titles.map((title) => begin('worker', title)));
  process.stdout.write(`up ${pids.join(' ')}\n`);
} else {
  process.title = titles[0];
  const helper = role === 'worker' ? await begin('helper', titles[0]) : '';
  process.stdout.write(`${helper}\n`);
}
