import { expect, it } from 'vitest';
import { HTTP_LIMITS } from '../../spec/limits.ts';
import { createUploadRoom } from './upload-room.ts';

const upload = (bytes: number | null): Request =>
  new Request('http://souk.test/', {
    method: 'POST',
    headers: bytes === null ? {} : { 'content-length': String(bytes) },
  });
const FULL = expect.objectContaining({ code: 'uploads_too_many' });

it('is for so many bytes of all users, and is given back', () => {
  const room = createUploadRoom();
  const leaves = Array.from(
    { length: Math.floor(HTTP_LIMITS.uploadsBytesMax / HTTP_LIMITS.uploadBytesMax) },
    (_, user) => room.take(`user ${user}`, upload(HTTP_LIMITS.uploadBytesMax)),
  );
  const next = (): (() => void) => room.take('next', upload(HTTP_LIMITS.uploadBytesMax));
  expect(next).toThrow(FULL);
  leaves[0]?.();
  next()();
  next();
  expect(() => room.take('user 0', upload(HTTP_LIMITS.uploadBytesMax))).toThrow(FULL);
});

it('is taken as for the largest by what does not say its length, and by what says too much', () => {
  for (const bytes of [null, Number.MAX_SAFE_INTEGER]) {
    const room = createUploadRoom();
    room.take('one', upload(bytes));
    room.take('one', upload(bytes));
    expect(() => room.take('one', upload(bytes))).toThrow(FULL);
    room.take('another', upload(bytes));
  }
});
