import { afterAll, beforeAll, expect, test } from 'vitest';
import { agreesWithNode } from '../../runner/testing/oracle.ts';
import { openWebIsolate, type WebIsolate } from '../../runner/testing/web-isolate.ts';

let isolate: WebIsolate;
beforeAll(async () => {
  isolate = await openWebIsolate();
});
afterAll(() => isolate.close());

agreesWithNode(() => isolate, {
  'listeners: order, once, handleEvent, removal, duplicates': `
    const target = new EventTarget(); const seen = []; const a = () => seen.push('a');
    target.addEventListener('x', a); target.addEventListener('x', a); target.addEventListener('x', { handleEvent() { seen.push('object'); } }, { once: true });
    target.addEventListener('x', (event) => { seen.push(event.type, event.target === target); event.preventDefault(); });
    const first = target.dispatchEvent(new Event('x', { cancelable: true })); target.removeEventListener('x', a);
    return [first, target.dispatchEvent(new Event('x')), seen];`,
  stopImmediatePropagation: `const target = new EventTarget(); const seen = []; target.addEventListener('x', (e) => { seen.push(1); e.stopImmediatePropagation(); }); target.addEventListener('x', () => seen.push(2)); target.dispatchEvent(new Event('x')); return seen;`,
  'a listener with an aborted signal is not added': `const target = new EventTarget(); let count = 0; const c = new AbortController();
    target.addEventListener('x', () => count++, { signal: c.signal }); target.dispatchEvent(new Event('x')); c.abort(); target.dispatchEvent(new Event('x')); return count;`,
  'a signal that is none': `const refused = (signal, listener) => { try { new EventTarget().addEventListener('x', listener, { signal }); return 'done'; } catch (error) { return error.name; } }; return [refused(null, () => {}), refused({ aborted: false }, () => {}), refused(undefined, () => {})];`,
  'the older members of Event': `const event = new Event('x', { cancelable: true }); const seen = [event.cancelBubble, event.returnValue]; event.returnValue = true; event.returnValue = false; event.cancelBubble = false; seen.push(event.defaultPrevented, event.cancelBubble); event.cancelBubble = true; seen.push(event.cancelBubble); return seen;`,
  'an abort is trusted, what a program dispatches is not': `const controller = new AbortController(); let abort; controller.signal.onabort = (event) => { abort = event; }; controller.abort(); const seen = [abort.isTrusted]; new EventTarget().dispatchEvent(abort); return [...seen, new Event('x').isTrusted];`,
  CustomEvent: `return [new CustomEvent('x', { detail: { a: 1 } }).detail, new CustomEvent('x').detail];`,
  'abort with and without a reason': `const a = new AbortController(); const b = new AbortController(); a.abort(); b.abort('b'); return [a.signal.reason.name, b.signal.reason, a.signal.aborted];`,
  'abort happens once': `const c = new AbortController(); let count = 0; c.signal.onabort = () => count++; c.signal.addEventListener('abort', () => count++); c.abort(1); c.abort(2); return [count, c.signal.reason];`,
  'any follows all, and is at once aborted by an aborted one': `const a = new AbortController(); const any = AbortSignal.any([a.signal, new AbortController().signal]); const nested = AbortSignal.any([any]); a.abort('a'); return [any.reason, nested.reason, AbortSignal.any([AbortSignal.abort('x'), a.signal]).reason, AbortSignal.any([]).aborted];`,
  timeout: `const signal = AbortSignal.timeout(5); await new Promise((resolve) => signal.addEventListener('abort', resolve)); return signal.reason.name;`,
  throwIfAborted: `AbortSignal.abort(new RangeError('x')).throwIfAborted();`,
  'signals are not constructed': `return new AbortSignal();`,
  'timers: order, arguments, clearing, intervals': `
    const seen = []; const never = setTimeout(() => seen.push('never'), 1); clearTimeout(never); clearTimeout('x'); clearTimeout(undefined);
    setTimeout((a, b) => seen.push(a + b), 1, 'a', 'b');
    await new Promise((resolve) => { let ticks = 0; const id = setInterval(() => { ticks++; if (ticks === 3) { clearInterval(id); resolve(); } }, 2); });
    queueMicrotask(() => seen.push('micro')); await null; await null; return seen;`,
  'a timer of a string': `setTimeout('1', 1);`,
  'microtasks need a function': `queueMicrotask('x');`,
  'performance.now is whole and grows': `const a = performance.now(); await new Promise((resolve) => setTimeout(resolve, 15)); return performance.now() - a >= 10;`,
});

// Web IDL section 3.7.7: arguments from left to right; Node converts the type last.
test('what an event has from its start', async () => {
  const program = `const order = []; const event = new Event({ toString: () => { order.push('type'); return 'x'; } }, { get cancelable() { order.push('cancelable'); }, get bubbles() { order.push('bubbles'); } }); return [order, event.type, event.timeStamp > 0, performance.now() > 0, event.timeStamp <= performance.now()];`;
  expect(await isolate.run(program)).toEqual([['type', 'bubbles', 'cancelable'], 'x', true, true, true]);
});

// Web IDL section 3.2.25: what is no object is a boolean; Node refuses numbers.
test('options that are neither boolean nor object, and listeners that are none', async () => {
  const program = `const target = new EventTarget(); let count = 0; const listener = () => count++;
    target.addEventListener('x', undefined); target.addEventListener('x', null); target.addEventListener('x', listener, 1); target.removeEventListener('x', listener, 0);
    target.dispatchEvent(new Event('x')); target.removeEventListener('x', listener, 'capture'); target.dispatchEvent(new Event('x')); return count;`;
  expect(await isolate.run(program)).toBe(1);
});

// DOM section 2.9; Node has no phases.
test('listeners that capture come first, and what was stopped before reaches none', async () => {
  const program = `const order = []; const target = new EventTarget(); const hear = (name, options) => target.addEventListener('x', () => order.push(name), options);
    hear('b1'); hear('c1', true); hear('b2'); hear('c2', { capture: true }); target.dispatchEvent(new Event('x'));
    const stopped = new Event('x'); stopped.stopPropagation(); target.dispatchEvent(stopped); order.push('again'); target.dispatchEvent(stopped);
    const renamed = new Event('y'); renamed.initEvent('x', true, true); return [order, renamed.type, renamed.bubbles, renamed.cancelable];`;
  const all = ['c1', 'c2', 'b1', 'b2'];
  expect(await isolate.run(program)).toEqual([[...all, 'again', ...all], 'x', true, true]);
});

// DOM section 3.1.3
test('signals that follow one another hear of an abort in the order in which they were made', async () => {
  const program = `const controller = new AbortController(); const signals = [controller.signal]; for (const source of [0, 0, 0, 1, 3]) signals.push(AbortSignal.any([signals[source], signals[0]]));
    let order = ''; signals.forEach((signal, index) => signal.addEventListener('abort', () => { order += index; })); controller.abort(); return order;`;
  expect(await isolate.run(program)).toBe('012345');
});

test('an event that is being dispatched is not dispatched again', async () => {
  const program = `const target = new EventTarget(); const event = new Event('x'); let name;
    target.addEventListener('x', () => { try { target.dispatchEvent(event); } catch (error) { name = error.name; } });
    target.dispatchEvent(event); return [name, event.eventPhase, event.currentTarget];`;
  expect(await isolate.run(program)).toEqual(['InvalidStateError', 0, null]);
});

test('an error in a listener, a timer or a microtask is logged and stops nothing', async () => {
  const result = await isolate.run(`
    const target = new EventTarget(); target.addEventListener('x', () => { throw new RangeError('in listener'); }); let isReached = false;
    target.addEventListener('x', () => { isReached = true; }); target.dispatchEvent(new Event('x'));
    queueMicrotask(() => { throw new RangeError('in microtask'); }); setTimeout(() => { throw null; }, 1);
    await new Promise((resolve) => setTimeout(resolve, 10)); reportError({ own: 1 }); return isReached;`);
  expect(result).toBe(true);
  const found = ['RangeError: in listener', 'RangeError: in microtask', 'null', '{ own: 1 }'];
  for (const text of found)
    expect(
      isolate.lines.some((line) => line.startsWith(`error Uncaught ${text}`)),
      text,
    ).toBe(true);
});
