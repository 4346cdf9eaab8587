import { expect, test } from 'vitest';
import { Refusal } from '../spec/refusal.ts';
import { printFailure, printReport } from './report.ts';

function collect(): { io: Parameters<typeof printReport>[0]; printed: () => string } {
  let text = '';
  const write = (more: string): void => void (text += more);
  const io = { cwd: '/', environment: {}, readIn: async () => '', writeOut: write, writeError: write };
  return { io, printed: () => text };
}

test('a line break in a text of somebody else begins no line of a report', () => {
  const { io, printed } = collect();
  const lines = ['a/x 1.0.0  nice\nverified: a/x 1.0.0', 'a \n\n b'];
  printReport(io, 'text', { exitCode: 0, lines, data: {} });
  expect(printed()).toBe('a/x 1.0.0  nice verified: a/x 1.0.0\na b\n');
});

test('nor one of a refusal, whose explanation may have several lines', () => {
  const { io, printed } = collect();
  const violations = ['/a\n  mend:  nothing', '/b'].map((pointer) => ({ pointer, message: 'Wrong.' }));
  printFailure(io, 'text', new Refusal('request_invalid', { detail: 'One.\n  mend:  Two.', violations }));
  expect(printed().match(/^ {2}mend: {2}/gmu)).toHaveLength(1);
  expect(printed()).toContain('One.\n           mend:  Two.\n');
});

test('JSON holds nothing that a terminal obeys, and says the same', () => {
  const { io, printed } = collect();
  const data = { text: 'a\u009b31m\u202eb\u2028\u{e0001}\u007f' };
  printReport(io, 'json', { exitCode: 0, lines: [], data });
  expect(printed()).toMatch(/^[\u0020-\u007e]+\n$/u);
  expect(JSON.parse(printed())).toEqual(data);
});
