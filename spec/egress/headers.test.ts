import { describe, expect, it } from 'vitest';
import { sendableHeaders } from './headers.ts';

describe('fields that a plugin cannot send', () => {
  it.each([
    ['host', 'evil'],
    ['Host', 'evil'],
    ['Connection', 'upgrade'],
    ['Keep-Alive', 'timeout=9'],
    ['HTTP2-Settings', 'x'],
    ['Trailer', 'x'],
    ['Via', '1.1 x'],
    ['Date', 'now'],
    ['Cookie2', 'x'],
    ['Accept-Charset', 'x'],
    ['Transfer-Encoding', 'chunked'],
    ['Content-Length', '5'],
    ['Upgrade', 'h2c'],
    ['Expect', '100-continue'],
    ['TE', 'trailers'],
    ['Proxy-Authorization', 'Basic x'],
    ['X-Forwarded-For', '127.0.0.1'],
    ['X-Forwarded', 'for=127.0.0.1'],
    ['X-Real-IP', '127.0.0.1'],
    ['Forwarded', 'for=127.0.0.1'],
    ['Metadata-Flavor', 'Google'],
    ['Metadata', 'true'],
    ['X-aws-ec2-metadata-token', 'x'],
    ['X-Google-Metadata-Request', 'True'],
    ['Accept-Encoding', 'identity'],
    ['Sec-Fetch-Site', 'none'],
  ])('%s is left out', (name, value) => {
    expect(
      sendableHeaders([
        [name, value],
        ['X-Kept', '1'],
      ]),
    ).toEqual([['x-kept', '1']]);
  });

  it.each([
    ['CRLF in a value', 'x', 'a\r\nHost: evil'],
    ['a bare LF', 'x', 'a\nb'],
    ['a bare CR', 'x', 'a\rb'],
    ['U+0000', 'x', 'a\0b'],
    ['a character that is cut to CR', 'x', 'a\u010db'],
    ['DEL', 'x', 'a\u007f'],
    ['CRLF in a name', 'x\r\nhost', '1'],
    ['a colon in a name', 'host:', '1'],
    ['a space before the colon', 'host ', '1'],
    ['an empty name', '', '1'],
    ['a name beyond ASCII', 'ｈost', '1'],
    ['20 KB', 'x', 'a'.repeat(20_000)],
  ])('%s is refused', (_trick, name, value) => {
    expect(() => sendableHeaders([[name, value]])).toThrow(
      expect.objectContaining({ code: 'egress_request_invalid' }),
    );
  });

  it('a hundred and one are refused', () => {
    const many = Array.from({ length: 101 }, (_, n): [string, string] => [`x-${n}`, '']);
    expect(() => sendableHeaders(many)).toThrow(expect.objectContaining({ code: 'egress_request_invalid' }));
  });
});
