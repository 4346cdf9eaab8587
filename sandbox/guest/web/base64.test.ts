import { afterAll, beforeAll, expect, test } from 'vitest';
import { agreesWithNode } from '../../runner/testing/oracle.ts';
import { openWebIsolate, type WebIsolate } from '../../runner/testing/web-isolate.ts';

let isolate: WebIsolate;
beforeAll(async () => {
  isolate = await openWebIsolate();
});
afterAll(() => isolate.close());

agreesWithNode(() => isolate, {
  'btoa and atob of every byte': `
    const all = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join(''); return [btoa(all), atob(btoa(all)) === all, btoa(''), atob('')];`,
  'atob forgives white space and missing padding': `return [' Y W\\nI= ', 'YWI', 'YW==', 'YWI=', 'ab= =', 'YR'].map((text) => { try { return atob(text); } catch (error) { return error.name; } });`,
  'atob refuses': `return ['a', 'ab=', '=', 'a===', 'YWI==', 'Y-_I', 'YWIé', '\\u00a0YWI='].map((text) => { try { return atob(text); } catch (error) { return error.name; } });`,
  'btoa above Latin-1': `return btoa('€');`,
  'no arguments': `return btoa();`,
  'values become strings': `return [btoa(null), btoa(12), atob(null)];`,
});

test('a DOMException has name, code and stack', async () => {
  expect(
    await isolate.run(`try { btoa('€'); } catch (error) {
      return [error instanceof DOMException, error instanceof Error, error.name, error.code, typeof error.stack, String(error).slice(0, 22)];
    }`),
  ).toEqual([true, true, 'InvalidCharacterError', 5, 'string', 'InvalidCharacterError:']);
});
