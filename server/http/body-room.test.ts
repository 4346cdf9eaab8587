import { expect, it } from 'vitest';
import { HTTP_LIMITS } from '../../spec/limits.ts';
import { createBodyRoom, heldBytesOf } from './body-room.ts';

const request = (headers: Record<string, string>): Request =>
  new Request('http://souk.test/', { method: 'POST', headers });

it('is for so many bytes of all and of each, and is given back', () => {
  const room = createBodyRoom({ allBytesMax: 100, ownBytesMax: 60 });
  const leave = room.take('one', 50);
  expect(room.take('one', 11)).toBe('own');
  expect(room.take('two', 51)).toBe('all');
  expect(room.take('two', 50)).toBeTypeOf('function');
  expect(room.take('three', 1)).toBe('all');
  if (typeof leave === 'function') leave();
  expect(room.take('one', 60)).toBe('all');
  expect(room.take('one', 50)).toBeTypeOf('function');
});

it('is taken by what is held, as for the largest where nothing or too much is said', () => {
  const held = (body: unknown, type: string, length?: number): number =>
    heldBytesOf(
      body,
      request({
        'content-type': type,
        ...(length === undefined ? {} : { 'content-length': String(length) }),
      }),
    );
  expect(held('upload', 'application/zip', 7)).toBe(7);
  expect(held('upload', 'application/zip')).toBe(HTTP_LIMITS.uploadBytesMax);
  expect(held('upload', 'application/zip', Number.MAX_SAFE_INTEGER)).toBe(HTTP_LIMITS.uploadBytesMax);
  expect(held({}, 'application/json; charset=utf-8', 7)).toBe(7);
  expect(held({}, 'application/json')).toBe(0);
  const inPieces = { 'content-type': 'application/json', 'transfer-encoding': 'chunked' };
  expect(heldBytesOf({}, request(inPieces))).toBe(HTTP_LIMITS.jsonBytesMax);
  expect(held({}, 'text/csv')).toBe(0);
});
