import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { Refusal } from '../../spec/refusal.ts';
import { createArchiveCache, type Archive } from './archive-cache.ts';

function clock(): { now: () => number; pass: (ms: number) => void } {
  let nowMs = 0;
  return { now: () => nowMs, pass: (ms) => void (nowMs += ms) };
}

function archiveOf(bytes: number): { open: () => Promise<Archive>; opened: () => number } {
  let opened = 0;
  const open = async (): Promise<Archive> => {
    opened += 1;
    return { bytes, sha256: 'a'.repeat(64), stream: new Blob([new Uint8Array(bytes).fill(opened)]).stream() };
  };
  return { open, opened: () => opened };
}

test('what was asked for within a second is not read again', async () => {
  const { now, pass } = clock();
  const hot = createArchiveCache(now);
  const { open, opened } = archiveOf(10);
  await hot.get('a', open);
  pass(999);
  expect((await hot.get('a', open)).content).toEqual(new Uint8Array(10).fill(1));
  expect(opened()).toBe(1);
  pass(2);
  expect((await hot.get('a', open)).content).toEqual(new Uint8Array(10).fill(2));
});

test('a refusal is not kept, and takes away what was', async () => {
  const { now, pass } = clock();
  const hot = createArchiveCache(now);
  const { open, opened } = archiveOf(10);
  await hot.get('a', open);
  pass(1_001);
  const gone = (): Promise<Archive> => Promise.reject(new Refusal('not_found', { detail: 'gone' }));
  await expect(hot.get('a', gone)).rejects.toThrow('gone');
  await hot.get('a', open);
  expect(opened()).toBe(2);
});

test('large archives stay streams', async () => {
  const hot = createArchiveCache();
  const { open, opened } = archiveOf(1024 * 1024 + 1);
  const { content } = await hot.get('a', open);
  expect(content).toBeInstanceOf(ReadableStream);
  expect((await buffer(content as ReadableStream<Uint8Array>)).byteLength).toBe(1024 * 1024 + 1);
  await hot.get('a', open);
  expect(opened()).toBe(2);
});

test('the oldest make room', async () => {
  const hot = createArchiveCache(() => 0);
  const first = archiveOf(1024 * 1024);
  await hot.get('first', first.open);
  for (let number = 0; number < 64; number += 1) await hot.get(`${number}`, archiveOf(1024 * 1024).open);
  await hot.get('first', first.open);
  expect(first.opened()).toBe(2);
});
