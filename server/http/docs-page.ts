/** The API as a page for people, made from the same table that validates. No script, nothing from elsewhere. */
import { SOUK_VERSION } from '../../spec/support.ts';
import { accessSentence } from './openapi.ts';
import type { Route } from './route.ts';

const STYLE = `
  :root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
  body { max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
  table { border-collapse: collapse; width: 100%; }
  td { border-top: 1px solid color-mix(in srgb, currentColor 20%, transparent); padding: .35rem .75rem .35rem 0; vertical-align: top; }
  td:first-child { width: 4.5rem; font-weight: 600; }
  small { opacity: .75; }
`;

/** To be served with a policy that lets it do nothing but look as it does. */
export const DOCS_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
};

export function docsPage(routes: readonly Route[]): string {
  const sections = [...Map.groupBy(routes, ({ tag }) => tag)].map(([tag, group]) => sectionOf(tag, group));
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Souk ${SOUK_VERSION}: HTTP API</title><style>${STYLE}</style></head>
<body>
<h1>Souk ${SOUK_VERSION}: HTTP API</h1>
<p>Schemas of requests and answers: <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1). Refusals are problem documents (RFC 9457) with a stable <code>code</code>.</p>
${sections.join('\n')}
</body>
</html>
`;
}

function sectionOf(tag: string, routes: readonly Route[]): string {
  return `<h2>${escape(tag)}</h2>\n<table>\n${routes.map(rowOf).join('\n')}\n</table>`;
}

function rowOf({ method, path, summary, access }: Route): string {
  const who = access.kind === 'open' ? 'Anyone.' : accessSentence(access);
  const address = path.replaceAll(/:([a-z]+)/giu, '{$1}');
  return `<tr><td>${method}</td><td><code>${escape(address)}</code><br>${escape(summary)} <small>${escape(who)}</small></td></tr>`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
