import { expect, it } from 'vitest';
import { docsPage } from './docs-page.ts';
import type { Route } from './route.ts';

it('says of every route who may call it, and writes no markup that a text brings along', () => {
  const page = docsPage([
    {
      method: 'GET',
      path: '/api/v1/orgs/:org/things',
      tag: '<b>',
      summary: 'Things & "more" <script>.',
      access: { kind: 'org', role: 'member', scope: 'orgs:read' },
    } as Route,
    { method: 'GET', path: '/livez', tag: 'health', summary: 'Alive.', access: { kind: 'open' } } as Route,
  ]);
  expect(page).toContain('<code>/api/v1/orgs/{org}/things</code>');
  expect(page).toContain('A token with the scope orgs:read, of somebody with the role member or higher');
  expect(page).toContain('Alive. <small>Anyone.</small>');
  expect(page).toContain('Things &amp; &quot;more&quot; &lt;script>.');
  expect(page).not.toMatch(/<script|<b>/u);
});
