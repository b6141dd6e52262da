/** Sentences about contexts and the connection to a coordinator. */
const octal = (mode: number): string => mode.toString(8).padStart(4, '0');

export const contextText = {
  describe: 'coordinators that dsr1ctl knows',
  list: 'list the known coordinators; * marks the current one',
  use: 'make NAME the current context',
  add: 'add or replace a context',
  remove: 'forget a context',
  serverFlag: 'address of its HTTP API, https://HOST:PORT',
  caFlag: "file with the cluster's CA (PEM); on the coordinator: <state>/ca.crt",
  pinFlag: "SHA-256 of the CA's public key instead of --ca (the 64 hex digits after DJ1 in a join token)",
  keyFileFlag: 'file that holds the API key, - reads it from standard input',
  header: ['', 'NAME', 'SERVER', 'KEY'],
  empty: 'no context yet: `dsr1ctl init` on the coordinator host, or `dsr1ctl context add`',
  now: (name: string, server: string) => `context ${name} (${server}) is now the current one`,
  removed: (name: string) => `context ${name} removed`,
  pinOrCa: 'expected --ca FILE or --ca-pin SHA256 for an https server, found neither',
  pinOrCaHint: 'the pin is the 64 hex digits after DJ1 in any join token of that cluster',
  caUnreadable: (path: string) => `expected a PEM certificate in ${path}, found none`,
  badPin: 'expected 64 hexadecimal digits for --ca-pin',

  tooOpen: (path: string, mode: number) =>
    `${path} holds API keys: expected mode 0600, found ${octal(mode)}, so others may read it`,
  invalid: (path: string, problem: string) => `${path} is no contexts file: ${problem}`,
  invalidHint: 'repair it (docs/cli.md shows its form), or remove it and run `dsr1ctl context add`',
  none: (path: string) => `expected a context in ${path}, found none`,
  noneHint: '`dsr1ctl init` on the coordinator host makes one; elsewhere `dsr1ctl context add`',
  unknown: (name: string, known: readonly string[]) =>
    `no context is named '${name}'; known: ${known.length > 0 ? known.join(', ') : 'none'}`,
  unknownHint: '`dsr1ctl context list` shows them, `dsr1ctl context add` makes a new one',
  noKey: (name: string) => `context ${name} has no API key`,
  noKeyHint: 'set DSR1_API_KEY_FILE, or repeat `dsr1ctl context add` with --key-file FILE',
  keyUnreadable: (path: string) => `expected an API key in ${path}, but the file cannot be read or is empty`,
  noTrust: (name: string, server: string) =>
    `context ${name} would send its key to ${server} without a pinned CA; expected https with a CA`,
  noTrustHint: 'repeat `dsr1ctl context add` with --server https://… and --ca FILE or --ca-pin SHA256',

  unreachable: (server: string, reason: string) => `no answer from the coordinator at ${server}: ${reason}`,
  unreachableHint:
    'check that it runs (`systemctl status dsr1-coordinator` there) and that this machine may reach that port; `dsr1ctl context list` shows the address',
  caMismatch: (server: string, reason: string) =>
    `${server} is not the coordinator that the context pins: ${reason}`,
  caMismatchHint:
    'wrong address, or another cluster: nothing was sent; `dsr1ctl context add` anew if the CA was replaced',
  timeout: (server: string, timeoutMs: number) => `${server} did not answer within ${timeoutMs / 1000} s`,
  unexpected: (what: string) => `the coordinator's answer to ${what}`,
  unexpectedHint: 'compare the versions with `dsr1ctl version`; use the dsr1ctl of the same release',
  noErrorBody: (what: string, status: number) =>
    `${what} was answered with HTTP ${status} and no explanation`,
} as const;
