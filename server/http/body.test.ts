import { expect, test } from 'vitest';

import { readUpload } from './body.ts';

const part = (name: string, value: string): string =>
  `--edge\r\ncontent-disposition: form-data; name="${name}"; filename="f"\r\n\r\n${value}\r\n`;
const upload = (body: string, type = 'multipart/form-data; boundary=edge'): Promise<unknown> =>
  readUpload(new Request('http://souk.test/', { method: 'POST', headers: { 'content-type': type }, body }));

test('an upload has the parts archive and envelope', async () => {
  const read = await upload(`${part('archive', 'PK')}${part('envelope', '{}')}--edge--\r\n`);
  expect(read).toEqual({ archive: new TextEncoder().encode('PK'), envelope: new TextEncoder().encode('{}') });
});

test.each([
  [
    'a strange part',
    `${part('archive', 'PK')}${part('more', '')}--edge--\r\n`,
    /The part "more" is unknown/u,
  ],
  [
    'a part twice',
    `${part('archive', 'PK')}${part('archive', '')}--edge--\r\n`,
    /"archive" is unknown or stands twice/u,
  ],
  [
    'very many parts, which are not even looked at',
    `${part('archive', '').repeat(1_000)}--edge--\r\n`,
    /more than 16 parts/u,
  ],
])('an upload with %s is refused', async (_what, body, detail) => {
  await expect(upload(body)).rejects.toMatchObject({
    code: 'request_invalid',
    message: expect.stringMatching(detail),
  });
});

test('a form without a boundary is none', async () => {
  await expect(upload(part('archive', '--'.repeat(100)), 'multipart/form-data')).rejects.toMatchObject({
    code: 'request_invalid',
    message: expect.stringMatching(/not multipart/u),
  });
});
