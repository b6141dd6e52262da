/** A request that can be pasted into bash at once. */

/** The key comes through a file descriptor, so it is neither on the screen nor in any process's arguments. */
export function curlLine(name: string, access: { url: string; model: string; hasKey: boolean }): string {
  const url = `${access.url.replace(/\/(v1\/?)?$/, '')}/v1/chat/completions`;
  const body = JSON.stringify({ model: access.model, messages: [{ role: 'user', content: 'Hello' }] });
  const header = access.hasKey ? ` -H @<(dsr1ctl access ${name} --header)` : '';
  return `curl -sS ${url}${header} -H 'Content-Type: application/json' -d '${body.replaceAll("'", "'\\''")}'`;
}
