/** `fetch` of a `data:` URL, held against Node's own; and MIME types, which are read on the way. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { agreesWithNode } from '../../runner/testing/oracle.ts';
import { openWebIsolate, type WebIsolate } from '../../runner/testing/web-isolate.ts';

let isolate: WebIsolate;
beforeAll(async () => {
  isolate = await openWebIsolate();
});
afterAll(() => isolate.close());

const READ = `const read = async (url, init) => { try { const answer = await fetch(url, init); return [answer.status, answer.statusText, answer.headers.get('content-type'), [...await answer.bytes()]]; } catch (error) { return error.name; } };`;
/** Each as it is written in a program. */
const URLS = [
  'data:,X',
  'data:',
  'data:no comma',
  'data:,',
  'data:,X#fragment',
  'data:,%FF%zz%4',
  'data:text/plain;charset=utf-8,%C3%A4é',
  'data:;charset=x,X',
  'data:;x=x;charset=x,X',
  'data:nonsense,X',
  'data:;base64,WA==',
  'data:text/html;base64,%57A',
  'data:image/png; BASE64 ,WA',
  'data:;base64;,WA',
  'data:;base64,W',
  'data:;base64,W A = =',
  'data:TEXT/Html ; X = y;z="a\\\\";q,1',
  'DATA:,a b?c=d',
];

agreesWithNode(() => isolate, {
  'what they hold': `${READ} const all = []; for (const url of ${JSON.stringify(URLS)}) all.push([url, await read(url)]); return all;`,
  'methods, and a body that nobody wants': `${READ} return [await read('data:,X', { method: 'POST', body: 'y' }), await read(new Request('data:,X'), { method: 'PUT' })];`,
  'what the answer tells of itself': `const answer = await fetch('data:text/css,a#b'); let fixed; try { answer.headers.set('a', 'b'); } catch (error) { fixed = error.name; } return [answer.type, answer.redirected, answer.ok, fixed, (await answer.blob()).type];`,
  'the types of blobs': `const types = ['text/HTML; Charset=UTF-8', 'text/plain;a="b c"', 'text/plain;charset=x;charset=y', 'nonsense', '', 'text/plain;;a', 'a/b; c ="d";e=f', 'text/html;charset=x, text/html', 'text/html, x/y;a=",,"'];
    return Promise.all(types.map(async (type) => (await new Response('', { headers: { 'content-type': type } }).blob()).type.toLowerCase()));`,
});

// Subresource Integrity section 3.3; of `abc`.
const SHA256 = 'sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=';
const SHA384 = 'sha384-ywB1P0WjXou1oD1pmsZQBycsMqsO3tFjGotgWkP/W+2AhgcroefMI1i67KE0yCWn';

agreesWithNode(() => isolate, {
  'answers of one integrity': `const wrong = 'sha256-${'A'.repeat(43)}=', wrong384 = 'sha384-${'A'.repeat(64)}'; const [one, two] = ['${SHA256}', '${SHA384}']; const all = [];
    for (const integrity of ['', one, two, one.slice(0, -1), one + ' ' + two, wrong, wrong + ' ' + one, wrong + ' ' + two, one + ' ' + wrong384, 'md5-x', one + '?option', '\\t' + one + '\\n', 'sha256-'])
      all.push([integrity, await fetch('data:,abc', { integrity }).then((answer) => answer.text(), (error) => error.name)]);
    return all;`,
  'a request keeps the integrity that it was given': `const request = new Request('data:,abc', { integrity: 'sha256-x' }); return [request.integrity, request.clone().integrity, new Request(request).integrity, new Request(request, { integrity: '' }).integrity, await fetch(request).catch((error) => error.name)];`,
});

test('what comes from the host is held against its integrity too', async () => {
  const own = await openWebIsolate(async ({ url }) => ({
    status: 200,
    statusText: '',
    url,
    redirected: false,
    headers: [],
    body: url.endsWith('empty') ? null : 'abc',
  }));
  const program = `const of = (url, integrity) => fetch(url, { integrity, signal: new AbortController().signal }).then((answer) => answer.text(), (error) => error.name);
    return [await of('https://h/', '${SHA256}'), await of('https://h/', '${SHA256}'.replace('u', 'v')), await of('https://h/empty', '${SHA256}'), await of('https://h/', 'sha999-x')];`;
  expect(await own.run(program)).toEqual(['abc', 'TypeError', 'TypeError', 'abc']);
  own.close();
});

test('it asks nobody, and its signal is heard', async () => {
  const asked: string[] = [];
  const own = await openWebIsolate(async ({ url }) => {
    asked.push(url);
    throw new TypeError('asked');
  });
  const program = `const name = (promise) => promise.then((answer) => answer.text(), (error) => error.name); const controller = new AbortController(); const answer = await fetch('data:,late', { signal: controller.signal }); controller.abort();
    return [await name(fetch('data:,a')), await name(fetch('data:,b', { signal: AbortSignal.abort() })), await answer.text().catch((error) => error.name), await name(fetch('data:,c', { method: 'HEAD' })), (await fetch('data:,d#e')).url];`;
  expect(await own.run(program)).toEqual(['a', 'AbortError', 'AbortError', '', 'data:,d']);
  expect(asked).toEqual([]);
  own.close();
});
