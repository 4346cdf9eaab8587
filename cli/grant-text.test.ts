import { expect, test } from 'vitest';
import { grantLines } from './grant-text.ts';

test('a grant is shown with all that limits it', () => {
  const scope = ['https://a.example/*', 'https://b.example/*'];
  expect(grantLines([{ name: 'kv' }, { name: 'http.fetch', scope, methods: ['GET', 'POST'] }])).toEqual([
    'granted: kv',
    'granted: http.fetch of https://a.example/*, https://b.example/* (GET, POST)',
  ]);
});
