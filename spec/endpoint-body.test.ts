import { expect, test } from 'vitest';
import { checkRequestBody } from './endpoint-body.ts';
import { compileGuestSchema } from './guest-validator.ts';

const check = (contentEncoding: string | null): void =>
  checkRequestBody(
    compileGuestSchema({ type: 'object' }),
    { contentType: 'application/json', contentEncoding },
    Buffer.from('{}'),
  );

test.each(['gzip', 'BR', 'identity, deflate'])('a body in the coding %s is judged by no schema', (coding) => {
  expect(() => check(coding)).toThrow(
    expect.objectContaining({
      code: 'media_type_unsupported',
      message: expect.stringContaining(coding.toLowerCase()) as string,
    }),
  );
});

test.each([null, '', 'Identity'])('one in the coding %j is as it was sent', (coding) => {
  expect(() => check(coding)).not.toThrow();
});
