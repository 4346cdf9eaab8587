import { expect, test } from 'vitest';
import { createDisclosed } from './disclosed.ts';

test('a value that begins another one leaves nothing of it standing, whichever was read first', () => {
  for (const values of [
    ['hunter2', 'hunter2-and-more'],
    ['hunter2-and-more', 'hunter2'],
  ]) {
    const disclosed = createDisclosed();
    for (const value of values) disclosed.remember('one', value);
    expect(disclosed.redact('one', 'a hunter2-and-more b hunter2 c')).toBe('a [secret] b [secret] c');
  }
});

test('values that are changed again and again are not all kept, and the newest are', () => {
  const disclosed = createDisclosed();
  for (let index = 0; index < 1_000; index += 1) disclosed.remember('one', `value-${index};`);
  expect(disclosed.redact('one', 'value-0; value-999;')).toBe('value-0; [secret]');
});

test('who reads again is not the next to make room', () => {
  const disclosed = createDisclosed();
  for (let index = 0; index < 1_500; index += 1) {
    disclosed.remember('steady', 'hunter2');
    disclosed.remember(`other-${index}`, 'hunter2');
  }
  expect(disclosed.redact('steady', 'hunter2')).toBe('[secret]');
  expect(disclosed.redact('other-0', 'hunter2')).toBe('hunter2');
});
