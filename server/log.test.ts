import { expect, test } from 'vitest';
import { createLogger } from './log.ts';

const SECRET = 'souk_hunter2';

test.each([
  ['a header', { headers: { authorization: `Bearer ${SECRET}` } }],
  ['a cookie', { req: { headers: { cookie: SECRET } } }],
  ['a token by its name', { token: SECRET }],
  ['a password inside something', { database: { password: SECRET } }],
  ['a secret inside something', { answer: { secret: SECRET } }],
])('%s stays out of the log', (_, fields) => {
  const lines: string[] = [];
  createLogger('info', { write: (line) => void lines.push(line) }).info(fields, 'message');
  expect(lines.join()).toContain('[redacted]');
  expect(lines.join()).not.toContain('hunter2');
});

test('the level decides what is written', () => {
  const lines: string[] = [];
  const log = createLogger('warn', { write: (line) => void lines.push(line) });
  log.info('quiet');
  log.warn('loud');
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { level: 'warn', time: expect.stringMatching(/^\d{4}-/u), msg: 'loud' },
  ]);
});

test('what a terminal obeys, or reorders a line by, is escaped', () => {
  const lines: string[] = [];
  const text = 'a\u009b31m\u202eb\u2028c\u{e0001}\u007f\u001b';
  createLogger('info', { write: (line) => void lines.push(line) }).info({ text }, text);
  expect(lines.join()).toMatch(/^[\u0020-\u007e]+\n$/u);
  expect(JSON.parse(lines.join())).toMatchObject({ text, msg: text });
});
