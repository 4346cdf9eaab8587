import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { Refusal } from '../../spec/refusal.ts';
import { archiveKey, createArchiveCache, type Archive } from './archive-cache.ts';

function clock(): { now: () => number; pass: (ms: number) => void } {
  let nowMs = 0;
  return { now: () => nowMs, pass: (ms) => void (nowMs += ms) };
}

/** An archive whose bytes, and the digest that stands for them, are the number of the edition. */
function archiveOf(bytes: number): {
  open: () => Promise<Archive>;
  change: () => void;
  opened: () => number;
  unread: () => number;
} {
  const seen = { edition: 1, opened: 0, unread: 0 };
  const open = async (): Promise<Archive> => {
    seen.opened += 1;
    seen.unread += 1;
    const { edition } = seen;
    const stream = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          seen.unread -= 1;
          controller.enqueue(new Uint8Array(bytes).fill(edition));
          controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    return { bytes, sha256: String(edition).repeat(64), stream };
  };
  const change = (): void => void (seen.edition += 1);
  return { open, change, opened: () => seen.opened, unread: () => seen.unread };
}

test('what was asked for within a second is not asked for again', async () => {
  const { now, pass } = clock();
  const hot = createArchiveCache(now);
  const { open, change, opened } = archiveOf(10);
  await hot.get('a', open);
  change();
  pass(999);
  expect((await hot.get('a', open)).content).toEqual(new Uint8Array(10).fill(1));
  expect(opened()).toBe(1);
  pass(2);
  expect((await hot.get('a', open)).content).toEqual(new Uint8Array(10).fill(2));
  expect(opened()).toBe(2);
});

test('what is ready is what would be answered without asking', async () => {
  const { now, pass } = clock();
  const hot = createArchiveCache(now);
  const key = archiveKey('kelompok', 'hello', '1.0.0');
  expect(hot.ready(key)).toBeUndefined();
  const answer = await hot.get(key, archiveOf(10).open);
  expect(hot.ready(key)?.content).toBe(answer.content);
  expect(hot.ready(archiveKey('kelompok', 'hello', '1.0.1'))).toBeUndefined();
  pass(1_000);
  expect(hot.ready(key)).toBeUndefined();
});

test('the same bytes are not read again, however often the database names them', async () => {
  const { now, pass } = clock();
  const hot = createArchiveCache(now);
  const { open, opened, unread } = archiveOf(10);
  const first = await hot.get('a', open);
  pass(1_001);
  const second = await hot.get('a', open);
  expect(second.content).toBe(first.content);
  expect([opened(), unread()]).toEqual([2, 1]);
});

test('many that come at once share one question', async () => {
  const hot = createArchiveCache(() => 0);
  const { open, opened } = archiveOf(10);
  const answers = await Promise.all(Array.from({ length: 20 }, () => hot.get('a', open)));
  expect(opened()).toBe(1);
  expect(new Set(answers.map(({ content }) => content)).size).toBe(1);
});

test('many that come at once share a refusal, and the next one asks again', async () => {
  const hot = createArchiveCache(() => 0);
  const gone = (): Promise<Archive> => Promise.reject(new Refusal('not_found', { detail: 'gone' }));
  const answers = await Promise.allSettled([hot.get('a', gone), hot.get('a', gone)]);
  expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  const { open, opened } = archiveOf(10);
  await hot.get('a', open);
  expect(opened()).toBe(1);
});

test('of many that come at once each gets a large archive as a stream of its own', async () => {
  const hot = createArchiveCache(() => 0);
  const { open } = archiveOf(1024 * 1024 + 1);
  const answers = await Promise.all([hot.get('a', open), hot.get('a', open), hot.get('a', open)]);
  const read = await Promise.all(answers.map(({ content }) => buffer(content as ReadableStream<Uint8Array>)));
  expect(read.map(({ byteLength }) => byteLength)).toEqual([1, 1, 1].map(() => 1024 * 1024 + 1));
});

test('a refusal is not kept, and takes away what was', async () => {
  const { now, pass } = clock();
  const hot = createArchiveCache(now);
  const { open, opened } = archiveOf(10);
  await hot.get('a', open);
  pass(1_001);
  const gone = (): Promise<Archive> => Promise.reject(new Refusal('not_found', { detail: 'gone' }));
  await expect(hot.get('a', gone)).rejects.toThrow('gone');
  expect(hot.ready('a')).toBeUndefined();
  expect((await hot.get('a', open)).content).toEqual(new Uint8Array(10).fill(1));
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
