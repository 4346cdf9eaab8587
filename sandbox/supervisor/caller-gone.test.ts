/** `request.signal`: what a guest hears of a caller that goes away. */
import { afterAll, beforeAll, expect, test } from 'vitest';

import { createSandbox, type Sandbox } from '../index.ts';
import type { Completion, Guest, Invocation } from '../ports.ts';
import { pluginCallCapability } from '../plugin-calls.ts';
import { createTestBed } from '../testing/test-bed.ts';

const bed = createTestBed();
let sandbox: Sandbox;

/** Remembers, beyond the run, what it heard. */
const SOURCE = `
  const heard = [];
  const never = () => new Promise(() => {});
  const hear = (name, signal) => signal.addEventListener('abort', () => heard.push([name, signal.reason.name, signal.aborted]));
  const answers = {
    '/heard': () => Response.json(heard.splice(0)),
    '/waits': (request) => { hear('waits', request.signal); hear('clone', request.clone().signal); hear('new', new Request(request).signal); return never(); },
    '/late': async (request) => { late = request; return never(); },
    '/look': () => { const { signal } = late; return Response.json([signal.aborted, signal.reason.name]); },
    '/host': (request, host) => { request.signal.onabort = () => host.kv.get('a').catch((error) => heard.push(error.message)); return never(); },
    '/logs': (request, host) => {
      for (const until = Date.now() + 60; Date.now() < until; );
      for (let line = 0; line < 90; line++) host.log.info(line);
      return never();
    },
    '/throws': (request) => { request.signal.onabort = () => { throw new Error('loud'); }; hear('after', request.signal); return never(); },
    '/answers': (request) => { hear('answers', request.signal); return Response.json(request.signal.aborted); },
    '/streams': (request) => { hear('streams', request.signal); return new Response(new ReadableStream({ pull: never, cancel: () => heard.push('cancel') })); },
    '/calls': async (request, host) => { await host.plugins.call('kelompok/callee', '/waits'); },
    '/gives-up': async (request, host) => {
      const controller = new AbortController();
      const calling = host.plugins.call('kelompok/callee', '/waits', { signal: controller.signal });
      while (!(await host.kv.get('callee'))) await new Promise((done) => setTimeout(done, 5));
      controller.abort();
      return Response.json(await calling.catch((error) => error.name));
    },
  };
  let late;
  export default { fetch(request, host) { return answers[new URL(request.url).pathname](request, host); } };`;
const guest: Guest = bed.guest(
  { 'index.js': SOURCE },
  {
    grants: [{ name: 'kv' }, { name: 'plugins.call', scope: ['kelompok/callee'] }],
    dependencies: ['kelompok/callee'],
  },
);
const callee: Guest = bed.guest({ 'index.js': SOURCE });
let calls: Invocation[] = [];
const spent: { requestId: string; cpuMs: number }[] = [];

beforeAll(async () => {
  const [kvGet, ...others] = bed.options.capabilities;
  const calling = pluginCallCapability({
    find: async () => ({ guest: callee, active: 'yes', endpoints: [] }),
    requireEndpoint: () => ({ checkRequest: null, checkResponse: null }),
    answerRefused: () => undefined,
    run: (invocation) => {
      calls.push(invocation);
      return sandbox.call(invocation);
    },
  });
  const capabilities = [
    // `callee` is whether the other plugin has been called.
    { ...kvGet, act: async ({ key }: Record<string, unknown>) => key === 'callee' && calls.length > 0 },
    ...others,
    calling,
  ] as typeof bed.options.capabilities;
  const observer = {
    ...bed.options.observer,
    spentAfterEnd: ({ requestId }: Invocation, cpuMs: number) => void spent.push({ requestId, cpuMs }),
  };
  sandbox = await createSandbox({ ...bed.options, capabilities, observer });
});
afterAll(() => sandbox.close());

const get = (path: string, changes: Partial<Invocation> = {}, of = guest): Promise<Completion> =>
  sandbox.call({ ...bed.get(of, `https://souk.test${path}`), ...changes });
const jsonOf = async (path: string, of = guest): Promise<unknown> => bed.read(await get(path, {}, of)).json;

/** Calls, and hangs up once the guest is at it. */
async function hangUp(path: string): Promise<Completion> {
  const caller = new AbortController();
  const ending = get(path, { signal: caller.signal });
  // Answered in turn: the one before is at work by then.
  await jsonOf('/heard');
  caller.abort();
  return ending;
}

test('a guest that waits hears of it, through each signal of the request', async () => {
  expect((await hangUp('/waits')).outcome).toBe('canceled');
  const heard = (await jsonOf('/heard')) as unknown[];
  expect(heard.toSorted()).toEqual([
    ['clone', 'AbortError', true],
    ['new', 'AbortError', true],
    ['waits', 'AbortError', true],
  ]);
});

test('what it had cost is told once, when the runner says so', async () => {
  const requestId = 'gone';
  const caller = new AbortController();
  const ending = get('/waits', { signal: caller.signal, requestId });
  await jsonOf('/heard');
  caller.abort();
  expect((await ending).usage.cpuMs).toBe(0);
  const told = (): number[] => spent.filter((each) => each.requestId === requestId).map(({ cpuMs }) => cpuMs);
  await expect.poll(told).toEqual([expect.any(Number)]);
  await jsonOf('/heard');
  expect(told()).toEqual([expect.toSatisfy((cpuMs: number) => cpuMs > 0)]);
});

test('a signal that is looked at afterwards has been aborted', async () => {
  await hangUp('/late');
  expect(await jsonOf('/look')).toEqual([true, 'AbortError']);
});

test('the host is gone with the caller', async () => {
  await hangUp('/host');
  await expect.poll(() => jsonOf('/heard')).toEqual(['the run has ended, host.kv.get is no longer there']);
});

test('lines of a run whose caller has gone count as its own', async () => {
  const caller = new AbortController();
  const endings = [1, 2].map(() => get('/logs', { signal: caller.signal }));
  setTimeout(() => caller.abort(), 30);
  for (const ending of endings) expect((await ending).outcome).toBe('canceled');
  expect(await jsonOf('/answers')).toBe(false);
  expect(bed.ended).toEqual([]);
});

test('a listener that throws keeps nobody else from hearing', async () => {
  await hangUp('/throws');
  expect(await jsonOf('/heard')).toEqual([['after', 'AbortError', true]]);
});

test('a run that answers hears nothing', async () => {
  expect(await jsonOf('/answers')).toBe(false);
  expect(await jsonOf('/heard')).toEqual([]);
});

test('a streamed answer is cancelled as well', async () => {
  const caller = new AbortController();
  const { outcome } = await get('/streams', { signal: caller.signal, answer: 'pieces' });
  expect(outcome).toBe('ok');
  caller.abort();
  await expect.poll(() => jsonOf('/heard')).toEqual(['cancel', ['streams', 'AbortError', true]]);
});

test.each([['with the caller of the first'], ['with the signal of the call']])(
  'a plugin that was called by another ends %s',
  async (way) => {
    calls = [];
    const caller = new AbortController();
    const isByCaller = way === 'with the caller of the first';
    const ending = get(isByCaller ? '/calls' : '/gives-up', { signal: caller.signal });
    await expect.poll(() => calls.length).toBe(1);
    const heard: unknown[] = [];
    const listen = async (): Promise<unknown[]> => {
      heard.push(...((await jsonOf('/heard', callee)) as unknown[]));
      return heard;
    };
    // Answered in turn: the call before is at work by then, and may even be over.
    await listen();
    if (isByCaller) caller.abort();
    const completion = await ending;
    if (isByCaller) expect(completion.outcome).toBe('canceled');
    else expect(bed.read(completion).json).toBe('AbortError');
    await expect.poll(listen).toContainEqual(['waits', 'AbortError', true]);
  },
);
