/** Settings that a command line gave, kept for the service: `/etc/dsr1/agent.yaml`, `/etc/dsr1/coordinator.yaml`. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseDocument } from 'yaml';

/** Sets the keys and keeps everything else of the file, comments included. */
export function writeDaemonConfig(
  daemon: 'agent' | 'coordinator',
  values: Readonly<Record<string, unknown>>,
  folder = '/etc/dsr1',
): void {
  const path = `${folder}/${daemon}.yaml`;
  const document = parseDocument(existsSync(path) ? readFileSync(path, 'utf8') : '');
  for (const [key, value] of Object.entries(values)) document.set(key, value);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, document.toString(), { mode: 0o644 });
}
