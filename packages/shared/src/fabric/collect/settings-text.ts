/** Network settings of an environment as lines that parse/env.ts reads. */
import { isNetworkVariable } from '../parse/env.ts';
import { isSecretName } from './mask.ts';

/** One `NAME=value` a line; nothing that is no network setting, or is named like a secret. */
export function settingsText(env: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(env)
    .flatMap(([name, value = '']) =>
      value !== '' && isNetworkVariable(name) && !isSecretName(name) ? `${name}=${quoted(value)}\n` : [],
    )
    .join('');
}

/** `NCCL_IB_HCA==mlx5_1` would read as a comparison. */
function quoted(value: string): string {
  return /^[\w.:,^/+-]*$/.test(value) ? value : `"${value.replaceAll(/["\n]/g, ' ')}"`;
}
