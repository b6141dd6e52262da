/**
 * The only door to the machine: every probe, gauge and doctor check sees the host through this interface, so a
 * recorded or invented host (simulated.ts) is as good as the real one (linux.ts).
 *
 * Nothing here throws: what cannot be seen is `null` or a reason.
 */
export interface Host {
  /** Text of a file (first MiB); null when it is missing, unreadable, or refuses (sysfs does so for unset values). */
  readText(path: string): Promise<string | null>;
  /**
   * Many small files that the kernel answers from memory, such as GID tables. Much cheaper than `readText`, but not to
   * be used for files whose read asks a device's firmware (port state, rate): those may block.
   */
  readTable(paths: readonly string[]): Promise<readonly (string | null)[]>;
  /** Names in a folder in natural order (`mlx5_2` before `mlx5_10`); null when there is no such folder. */
  list(path: string): Promise<readonly string[] | null>;
  /** When a file or folder was last changed, in wall-clock milliseconds; null when there is no such path. */
  modifiedMs(path: string): Promise<number | null>;
  /** The path with every link followed; null when it leads nowhere. */
  realPath(path: string): Promise<string | null>;
  /** Opens a device node for reading and writing and closes it: null when that works, else why not (`EACCES`). */
  whyNotOpenable(path: string): Promise<string | null>;
  /** Size of the file system that holds `path`. */
  fileSystem(path: string): Promise<FileSystem | null>;
  /** Runs a tool: no shell, no input, C locale, its own process group. */
  run(argv: readonly [string, ...string[]], limits?: RunLimits): Promise<ToolAnswer>;
  /** GET on the Docker engine's socket, Podman's compatible one too: its answer, or why there is none. */
  askDocker(socketPath: string, path: string, timeoutMs: number): Promise<SocketAnswer>;
  /** Addresses as the C library lists them: the last resort where there is no `ip`. */
  addresses(): readonly InterfaceAddress[];
  /** True when the name server says nothing at all to a query for `name`: an error, or a refusal, is an answer. */
  nameServerIsSilent(server: string, name: string, timeoutMs: number): Promise<boolean>;
  /** Marketing name of the CPU, for machines whose /proc/cpuinfo does not tell (arm64). */
  cpuModel(): Promise<string | null>;
  /** `x86_64`, `aarch64`. */
  readonly arch: string;
  /** Folders in which tools are looked for. */
  readonly toolPath: readonly string[];
}

export interface RunLimits {
  /** Default 3000. */
  readonly timeoutMs?: number;
  /** Output beyond this ends the tool. Default 4 MiB. */
  readonly maxOutputBytes?: number;
}

export type ToolAnswer =
  | { readonly answered: true; readonly exitCode: number; readonly stdout: string; readonly stderr: string }
  | {
      readonly answered: false;
      readonly why: 'missing' | 'timeout' | 'flood' | 'failed';
      readonly reason: string;
    };

export type SocketAnswer =
  | { readonly answered: true; readonly status: number; readonly body: unknown }
  | { readonly answered: false; readonly reason: string };

export interface FileSystem {
  readonly totalBytes: number;
  readonly freeBytes: number;
}

export interface InterfaceAddress {
  readonly netdev: string;
  readonly family: 4 | 6;
  readonly address: string;
  readonly prefixLength: number | null;
  readonly mac: string;
}
