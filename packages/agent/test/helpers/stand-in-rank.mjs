// A rank's program for tests, told by its arguments what to do, in order:
//   say:TEXT  write a line · wait:MS · ignore-term · child (another process of this kind, that stays) ·
//   orphan (a child that leaves the session and drops its environment's title) · make:NAME (a file where a variable says) · http:PORT · exit:CODE · stay · flood:BYTES
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

for (const order of process.argv.slice(2)) {
  const [verb, value = ''] = order.split(/:(.*)/s);
  if (verb === 'say') process.stdout.write(`${value}\n`);
  if (verb === 'progress') process.stdout.write(`${value}\r`);
  if (verb === 'wait') await sleep(Number(value));
  if (verb === 'ignore-term') process.on('SIGTERM', () => {});
  if (verb === 'child')
    spawn(process.execPath, [import.meta.filename, 'ignore-term', 'stay'], { stdio: 'inherit' });
  if (verb === 'orphan') {
    const orphan = spawn(process.execPath, [import.meta.filename, 'ignore-term', 'stay'], {
      stdio: 'ignore',
      detached: true,
    });
    process.stdout.write(`orphan ${orphan.pid}\n`);
    orphan.unref();
  }
  if (verb === 'http') {
    createServer((request, answer) => {
      const allowed =
        request.url === '/health' || request.headers.authorization === `Bearer ${process.env.EXPECTED_KEY}`;
      answer.writeHead(allowed ? 200 : 401).end('{}');
    }).listen(Number(value), '127.0.0.1');
  }
  if (verb === 'env') process.stdout.write(`${value}=${process.env[value] ?? 'unset'}\n`);
  if (verb === 'make') writeFileSync(process.env[value], 'made');
  if (verb === 'flood') process.stdout.write('x'.repeat(Number(value)));
  if (verb === 'exit') process.exit(Number(value));
  if (verb === 'stay') setInterval(() => {}, 60_000);
}
