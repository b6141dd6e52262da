/** An OpenAPI document as one HTML page without scripts or outside resources. Pure. */
import { VERSION } from '@dsr1/shared/version';

export interface OpenApiDocument {
  readonly paths?: Readonly<Record<string, unknown>>;
}

interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly 'x-role'?: string;
  readonly parameters?: readonly unknown[];
  readonly requestBody?: unknown;
  readonly responses?: unknown;
}

export function renderDocs(document: OpenApiDocument): string {
  const operations = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods as Readonly<Record<string, Operation>>).map(([method, operation]) =>
      section(method, path, operation),
    ),
  );
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>dsr1 API</title><style>${STYLE}</style>
<h1>dsr1 coordinator API</h1><p>Version ${escapeHtml(VERSION)}. <a href="openapi.json">openapi.json</a></p>${operations.join('')}</html>`;
}

const STYLE =
  'body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}code,pre{font:13px ui-monospace,monospace}pre{overflow:auto;background:#8881;padding:.6rem}summary{cursor:pointer;padding:.3rem 0}small{opacity:.7}:root{color-scheme:light dark}';

function section(method: string, path: string, operation: Operation): string {
  const parts = [
    ['Parameters', operation.parameters],
    ['Body', operation.requestBody],
    ['Answers', operation.responses],
  ] as const;
  const details = parts
    .filter(([, value]) => value !== undefined)
    .map(([title, value]) => block(title, value));
  return `<details><summary><code><b>${method.toUpperCase()}</b> ${escapeHtml(path)}</code> ${escapeHtml(operation.summary ?? '')} <small>${escapeHtml(operation['x-role'] ?? '')}</small></summary>${details.join('')}</details>`;
}

const block = (title: string, value: unknown): string =>
  `<h4>${title}</h4><pre>${escapeHtml(JSON.stringify(value, null, 2))}</pre>`;

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
