/** Newline-framed JSON over one TCP connection, for the rehearsal's own control messages. */
import type { Socket } from 'node:net';

export interface Member {
  readonly rank: number;
  readonly hostname: string;
  readonly address: string;
  readonly dataPort: number;
  readonly rails: readonly { readonly rail: number; readonly device: string; readonly address: string }[];
}

export type Message =
  | { readonly kind: 'register'; readonly member: Member }
  | { readonly kind: 'table'; readonly members: readonly Member[] }
  | { readonly kind: 'exchanged'; readonly rank: number }
  | { readonly kind: 'ask'; readonly id: number }
  | { readonly kind: 'answer'; readonly id: number; readonly rank: number; readonly hostname: string };

export interface Channel {
  send(message: Message): void;
  onMessage(listener: (message: Message) => void): void;
  /** Called once, when the peer is gone for whatever reason. */
  onEnd(listener: (reason: string) => void): void;
  close(): void;
}

const MAX_LINE_BYTES = 1 << 20;

/** Wraps a connected socket; a peer that does not speak the protocol is closed. */
export function openChannel(socket: Socket): Channel {
  const messageListeners: ((message: Message) => void)[] = [];
  const endListeners: ((reason: string) => void)[] = [];
  let pending = '';
  let ended = false;
  const end = (reason: string): void => {
    if (ended) return;
    ended = true;
    socket.destroy();
    for (const listener of endListeners) listener(reason);
  };
  socket.setNoDelay(true);
  socket.setKeepAlive(true, 5_000);
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    pending += chunk;
    if (pending.length > MAX_LINE_BYTES) return end('peer sent a line of over 1 MiB');
    const lines = pending.split('\n');
    pending = lines.pop() ?? '';
    for (const line of lines) {
      const message = parse(line);
      if (message === null) return end('peer does not speak the rehearsal protocol');
      for (const listener of messageListeners) listener(message);
    }
  });
  socket.on('error', (error) => end(error.message));
  socket.on('close', () => end('connection closed'));
  return {
    send: (message) => void (ended || socket.write(`${JSON.stringify(message)}\n`)),
    onMessage: (listener) => void messageListeners.push(listener),
    onEnd: (listener) => void endListeners.push(listener),
    close: () => end('closed here'),
  };
}

const KINDS: readonly string[] = [
  'register',
  'table',
  'exchanged',
  'ask',
  'answer',
] satisfies Message['kind'][];

function parse(line: string): Message | null {
  try {
    const value: unknown = JSON.parse(line);
    const kind = (value as { kind?: unknown } | null)?.kind;
    return typeof kind === 'string' && KINDS.includes(kind) ? (value as Message) : null;
  } catch {
    return null;
  }
}
