import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Refusal } from '../refusal.ts';
import { parseMailAddress } from './mail-address.ts';
import { readMessage, recipientsOf } from './mail-message.ts';

describe('an address', () => {
  it.each([
    ['ada@example.org', { name: '', address: 'ada@example.org' }],
    ['Ada Lovelace <ada@example.org>', { name: 'Ada Lovelace', address: 'ada@example.org' }],
    ['ada+souk@mail.example.org', { name: '', address: 'ada+souk@mail.example.org' }],
    ['Grüße <grüße@exämple.org>', { name: 'Grüße', address: 'grüße@exämple.org' }],
    ['root@localhost', { name: '', address: 'root@localhost' }],
  ])('%s', (text, expected) => expect(parseMailAddress(text)).toEqual(expected));

  it.each([
    '',
    'ada',
    '@example.org',
    'ada@',
    'a b@example.org',
    'ada@example..org',
    '.ada@example.org',
    'ada@-example.org',
    'ada@[127.0.0.1]',
    '"ada lovelace"@example.org',
    'ada@example.org, eve@example.org',
    'ada@example.org\r\nBcc: eve@example.org',
    'Ada\r\nBcc: eve@example.org <ada@example.org>',
    'Ada <ada@example.org> <eve@example.org>',
    'ada(comment)@example.org',
    'group:ada@example.org;',
    `${'a'.repeat(65)}@example.org`,
    `a@${'b'.repeat(250)}.org`,
    'ada@example.org\0',
    '\u{d800}@example.org',
  ])('%j is none', (text) => expect(parseMailAddress(text)).toBeUndefined());

  it('never holds what ends a header or separates addresses', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const parsed = parseMailAddress(`${text}@example.org`) ?? parseMailAddress(`${text} <a@b.org>`);
        if (parsed) expect(`${parsed.name}${parsed.address}`).not.toMatch(/[\r\n\0<>"]/u);
      }),
    );
  });
});

describe('a message', () => {
  const sound = { to: 'ada@example.org', subject: 'Hello', text: 'Hi' };

  it('goes to each recipient once', () => {
    const message = readMessage({ ...sound, to: ['a@b.org', 'A <a@b.org>'], cc: 'c@d.org' });
    expect(recipientsOf(message)).toEqual(['a@b.org', 'c@d.org']);
  });

  it.each([
    ['a second header in the subject', { ...sound, subject: 'Hi\r\nBcc: eve@example.org' }],
    ['an empty subject', { ...sound, subject: '' }],
    ['a subject without end', { ...sound, subject: 'a'.repeat(999) }],
    ['no content', { to: 'ada@example.org', subject: 'Hello' }],
    ['content without end', { ...sound, text: 'a'.repeat(128 * 1024 + 1) }],
    ['too many recipients', { ...sound, to: Array.from({ length: 51 }, (_, index) => `a${index}@b.org`) }],
    ['two addresses in one', { ...sound, to: 'a@b.org,c@d.org' }],
    ['a header in replyTo', { ...sound, replyTo: 'a@b.org\nX: y' }],
  ])('%s is refused', (_trick, message) => {
    expect(() => readMessage(message)).toThrow(
      expect.objectContaining({ code: 'mail_message_invalid' }) as Refusal,
    );
  });
});
