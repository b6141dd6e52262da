/** Sentences about texts that a command is given to read. */
export const sourceText = {
  nothingAt: (path: string) => `expected a folder, bundle or file at ${path}, found none`,
  nothingAtHint:
    'give a path that exists, or - for standard input (`diagnose` also takes the name of a deployment: dsr1ctl ls)',
  notAllowed: (path: string) => `expected to be allowed to read ${path}, but this user is not`,
  notAllowedHint: (path: string) => `run as its owner, or chmod a+r ${path}`,
  noFile: (path: string) => `expected a folder, file or pipe at ${path}, found a device or socket`,
  noFileHint: 'save the text to a file, or give - and pipe it in',
  silent: (path: string, seconds: number) =>
    `expected somebody to write to the pipe ${path}, but nothing came for ${seconds} s`,
  silentHint: 'check the program that writes to it, or save its output to a file',
} as const;
