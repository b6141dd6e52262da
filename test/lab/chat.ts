/** A chat request as an OpenAI client makes it. */
export interface Access {
  readonly url: string;
  readonly apiKey: string | null;
  readonly model: string;
}

export interface ChatAnswer {
  readonly status: number;
  /** Text of all chunks. */
  readonly text: string;
  readonly chunks: number;
  /** The stream ended with `[DONE]` and held no error chunk. */
  readonly complete: boolean;
  readonly raw: string;
}

/** Asks for a streamed completion of at most `maxTokens`; rejects when nothing ends within `timeoutMs`. */
export async function streamChat(
  access: Access,
  prompt: string,
  maxTokens = 16,
  timeoutMs = 60_000,
): Promise<ChatAnswer> {
  const response = await fetch(new URL('/v1/chat/completions', access.url), {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(access.apiKey === null ? {} : { authorization: `Bearer ${access.apiKey}` }),
    },
    body: JSON.stringify({
      model: access.model,
      stream: true,
      max_tokens: maxTokens,
      messages: [{ role: 'user', content: prompt }],
    }),
    signal: AbortSignal.timeout(timeoutMs),
  });
  const raw = await response.text();
  const data = raw.split('\n').filter((line) => line.startsWith('data: {'));
  const chunks = data.map((line) => JSON.parse(line.slice('data: '.length)) as Chunk);
  return {
    status: response.status,
    text: chunks.map((chunk) => chunk.choices?.[0]?.delta?.content ?? '').join(''),
    chunks: chunks.length,
    complete: raw.trimEnd().endsWith('data: [DONE]') && chunks.every((chunk) => chunk.error === undefined),
    raw,
  };
}

interface Chunk {
  readonly choices?: readonly { readonly delta?: { readonly content?: string | null } }[];
  readonly error?: unknown;
}
