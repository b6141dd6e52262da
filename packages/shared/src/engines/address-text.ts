/** `10.0.0.1:8000`, `[fd00::1]:8000`. */
export const hostPort = (host: string, port: number): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
