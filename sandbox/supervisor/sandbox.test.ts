import { build } from 'esbuild';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';

import { ISOLATE_LIMITS, RUNNER_LIMITS } from '../../spec/limits.ts';
import { createSandbox, type Guest, type Sandbox } from '../index.ts';
import type { Completion } from '../ports.ts';
import { createTestBed } from '../testing/test-bed.ts';

const bed = createTestBed();
let sandbox: Sandbox;

beforeAll(async () => {
  // A machine that stands still for some seconds fails no test: the one about the time of a run gives it a deadline.
  const limits = { endpoint: { wallTimeMsMax: 60_000 }, health: { wallTimeMsMax: 60_000 } };
  sandbox = await createSandbox({ ...bed.options, limits });
});
afterAll(() => sandbox.close());

test('an endpoint reads its request, calls the host and answers', async () => {
  const guest = bed.guest({
    'index.js': `
      import { sum } from './lib/sum.js';
      export default { async fetch(request, host) {
        const { a, b } = await request.json();
        await host.kv.set('last', sum(a, b));
        return Response.json({ sum: await host.kv.get('last'), org: host.org.slug, greeting: host.config.greeting });
      } }`,
    'lib/sum.js': 'export const sum = (a, b) => a + b;',
  });
  const completion = await sandbox.call(bed.post(guest, { a: 1, b: 2 }));
  expect(bed.read(completion)).toEqual({ status: 200, json: { sum: 3, org: 'kampung', greeting: 'halo' } });
});

test('a call without a grant throws PermissionDenied that names the permission', async () => {
  const source = `export default { async fetch(request, host) {
    try { await host.kv.get('a'); } catch (e) { return Response.json([e.name, e.permission, e.message]); }
  } }`;
  const completion = await sandbox.call(bed.get(bed.guest({ 'index.js': source }, { grants: [] })));
  expect(bed.read(completion).json).toEqual([
    'PermissionDenied',
    'kv',
    'kv.get needs the permission kv, which has not been granted',
  ]);
});

test('lifecycle hooks and health tests answer with a value', async () => {
  const source = `export default {
    activate(host) { return { activated: host.plugin.id } },
    upgrade(host, from) { return from },
    health() { return { ok: true } },
  }`;
  const guest = bed.guest({ 'index.js': source });
  const run = async (trigger: Parameters<typeof bed.invoke>[1]): Promise<unknown> => {
    const completion = await sandbox.call(bed.invoke(guest, trigger));
    return completion.outcome === 'ok' ? completion.value : completion;
  };
  expect(await run({ kind: 'lifecycle', hook: 'activate' })).toEqual({ activated: 'kelompok/example' });
  expect(await run({ kind: 'lifecycle', hook: 'upgrade', fromVersion: '0.9.0' })).toBe('0.9.0');
  expect(await run({ kind: 'lifecycle', hook: 'deactivate' })).toBeNull();
  expect(await run({ kind: 'health' })).toEqual({ ok: true });
});

test('the host object shows its parts, keeps them, and finds no trap that a guest has put in its way', async () => {
  const source = `
    for (const name of ['getPrototypeOf', 'isExtensible', 'apply', 'construct'])
      Object.prototype[name] = () => { throw new Error('a trap of the guest') };
    Array.prototype.toJSON = function () { try { this.length = 0; } catch {} return []; };
    export default { fetch(request, host) {
      const facts = {
        prototype: Object.getPrototypeOf(host), extensible: Object.isExtensible(host),
        keys: Reflect.ownKeys(host).join(' '), same: host.caller === host.caller,
        kind: host.caller.kind, frozen: Object.isFrozen(host.caller),
        org: Object.getOwnPropertyDescriptor(host, 'org').value.slug, has: 'kv' in host && !('constructor' in host),
        refused: [Reflect.set(host, 'org', 1), Reflect.defineProperty(host, 'a', { value: 1 }), Reflect.deleteProperty(host, 'org'),
          Reflect.setPrototypeOf(host, {}), Reflect.preventExtensions(host)].map(String).join(' '),
      };
      try { host.nothing; } catch (error) { facts.unknown = error.message.slice(0, 29); }
      return new Response(JSON.stringify(facts));
    } }`;
  const guest = bed.guest({ 'index.js': source });
  for (let call = 0; call < 2; call += 1) {
    expect(bed.read(await sandbox.call(bed.get(guest))).json).toEqual({
      prototype: null,
      extensible: true,
      keys: 'log caller org plugin config kv',
      same: true,
      kind: 'anonymous',
      frozen: true,
      org: 'kampung',
      has: true,
      refused: 'false false false false false',
      unknown: 'host.nothing does not exist h',
    });
  }
});

const SPIN = 'export default { fetch() { while (true); } }';
const CRASH = 'export default { fetch: () => Array.prototype.sort.call({ length: 2 ** 53 - 1 }) }';
const HELLO = 'export default { fetch: () => Response.json("hello") }';
const NEVER = 'export default { fetch: () => new Promise(() => {}) }';

test('one plugin that crashes the shared runner is blamed; its neighbour learns that the runner died and goes on', async () => {
  const [crash, neighbour] = [CRASH, NEVER].map((source) =>
    bed.guest({ 'index.js': source }, { tier: 'trusted', org: { id: `org-${source.length}`, slug: 'x' } }),
  );
  if (!crash || !neighbour) return expect.unreachable();
  const waiting = sandbox.call(bed.get(neighbour));
  await sandbox.call(bed.get(bed.guest({ 'index.js': HELLO }, { tier: 'trusted' })));
  expect((await sandbox.call(bed.get(crash))).outcome).toBe('exceededMemory');
  expect((await waiting).outcome).toBe('runnerDied');
  expect(bed.ended.at(-1)?.blamed).toEqual([crash.installationId]);
});

test('who holds the memory of a full shared runner is blamed, and not who takes the last of it', async () => {
  const kept = `const kept = [];
    const fill = (mebibytes) => {
      const buffer = new ArrayBuffer(0, { maxByteLength: mebibytes << 20 });
      buffer.resize(mebibytes << 20);
      const pages = new Uint8Array(buffer);
      for (let at = 0; at < pages.length; at += 4_096) pages[at] = 1;
      kept.push(buffer);
    };
    export default { async fetch(request) {
      fill(Number(new URL(request.url).pathname.slice(1)));
      return Response.json(kept.length);
    } };`;
  const guestOf = (id: string): Guest =>
    bed.guest({ 'index.js': kept }, { tier: 'trusted', org: { id: `memory-${id}`, slug: id } });
  const [holder, last] = [guestOf('holder'), guestOf('last')];
  const fill = (guest: Guest, mebibytes: number): Promise<Completion> =>
    sandbox.call(bed.get(guest, `https://souk.test/${mebibytes}`));
  const residentMib = (): number => (sandbox.residentBytesOf(holder.installationId) ?? 0) / 2 ** 20;
  for (const guest of [holder, last]) expect((await fill(guest, 0)).outcome).toBe('ok');
  const before = bed.ended.length;
  while (residentMib() < 440) expect((await fill(holder, 30)).outcome).toBe('ok');
  expect((await fill(last, 90)).outcome).toBe('runnerDied');
  expect(bed.ended.slice(before).map(({ blamed }) => blamed)).toEqual([[holder.installationId]]);
});

test('a plugin that keeps killing its runner is taken out of service, alone, until it is unloaded', async () => {
  const guest = bed.guest({ 'index.js': CRASH });
  const outcomes = [];
  for (let call = 0; call < 4; call++) outcomes.push((await sandbox.call(bed.get(guest))).outcome);
  expect(outcomes).toEqual(['exceededMemory', 'exceededMemory', 'exceededMemory', 'denied']);
  expect(sandbox.health().breakers.map(({ installationId }) => installationId)).toEqual([
    guest.installationId,
  ]);
  expect(bed.read(await sandbox.call(bed.get(bed.guest({ 'index.js': HELLO })))).json).toBe('hello');
  sandbox.unload(guest.installationId);
  expect((await sandbox.call(bed.get(guest))).outcome).toBe('exceededMemory');
});

test('a runner that is killed by hand fails its calls in flight as runnerDied, blames nobody, and is replaced', async () => {
  const guest = bed.guest({ 'index.js': NEVER }, { org: { id: 'killed', slug: 'killed' } });
  const hello = bed.guest({ 'index.js': HELLO }, { org: { id: 'killed', slug: 'killed' } });
  expect(bed.read(await sandbox.call(bed.get(hello))).json).toBe('hello');
  const waiting = sandbox.call(bed.get(guest));
  await expect.poll(() => sandbox.health().runners.some((runner) => runner.runs === 1)).toBe(true);
  const { pid } = sandbox.health().runners.find((runner) => runner.runs === 1) ?? { pid: 0 };
  expect(pid).toBeGreaterThan(0);
  process.kill(-pid, 'SIGKILL');
  expect((await waiting).outcome).toBe('runnerDied');
  expect(bed.ended.at(-1)?.blamed).toEqual([]);
  expect(bed.read(await sandbox.call(bed.get(hello))).json).toBe('hello');
});

test('a spinning plugin stops its own calls only', async () => {
  const spin = bed.guest({ 'index.js': SPIN });
  expect((await sandbox.call(bed.get(spin))).outcome).toBe('exceededCpu');
  expect((await sandbox.call(bed.get(spin))).outcome).toBe('exceededCpu');
});

test('two installations of the same code share neither module state nor data', async () => {
  const source = `let calls = 0; export default { async fetch(request, host) {
    calls += 1;
    await host.kv.set('calls', calls);
    return Response.json([calls, await host.kv.get('calls'), host.org.slug, host.config.greeting]);
  } }`;
  const first = bed.guest({ 'index.js': source }, { tier: 'trusted' });
  const second = {
    ...first,
    installationId: 'other',
    org: { id: 'org-2', slug: 'lain' },
    config: { greeting: 'hai' },
  };
  await sandbox.call(bed.get(first));
  expect(bed.read(await sandbox.call(bed.get(first))).json).toEqual([2, 2, 'kampung', 'halo']);
  expect(bed.read(await sandbox.call(bed.get(second))).json).toEqual([1, 1, 'lain', 'hai']);
});

test('grants and configuration of a new revision count at once, without a reload', async () => {
  const source = `let calls = 0; export default { async fetch(request, host) {
    const got = await host.kv.get('a').then(() => 'granted', (error) => error.name);
    return Response.json([++calls, got, host.config.greeting]);
  } }`;
  const guest = bed.guest({ 'index.js': source });
  expect(bed.read(await sandbox.call(bed.get(guest))).json).toEqual([1, 'granted', 'halo']);
  const narrowed = { ...guest, revision: '2', grants: [], config: { greeting: 'hai' } };
  expect(bed.read(await sandbox.call(bed.get(narrowed))).json).toEqual([2, 'PermissionDenied', 'hai']);
});

test('an upgrade lets the calls of the former version end, and disposes of it then', async () => {
  const before = bed.guest({
    'index.js':
      'export default { fetch: () => new Promise((done) => setTimeout(() => done(Response.json(1)), 200)) }',
  });
  const slow = sandbox.call(bed.get(before));
  const after = {
    ...bed.guest({ 'index.js': 'export default { fetch: () => Response.json(2) }' }),
    installationId: before.installationId,
  };
  expect(bed.read(await sandbox.call(bed.get(after))).json).toBe(2);
  expect(bed.read(await slow).json).toBe(1);
});

test('more calls than an installation may have in flight are shed with a time to wait', async () => {
  const guest = bed.guest({ 'index.js': NEVER });
  const abort = new AbortController();
  const calls = Array.from({ length: 70 }, () => sandbox.call({ ...bed.get(guest), signal: abort.signal }));
  const shed = await Promise.all(calls.slice(64));
  abort.abort();
  expect(new Set(shed.map(({ outcome }) => outcome))).toEqual(new Set(['loadShed']));
  expect(shed[0]).toHaveProperty('retryAfterMs');
  expect(new Set((await Promise.all(calls.slice(0, 64))).map(({ outcome }) => outcome))).toEqual(
    new Set(['canceled']),
  );
});

test('a plugin that has all the calls it may have can still be activated, tested and stopped', async () => {
  const guest = bed.guest({
    'index.js':
      'export default { fetch: () => new Promise(() => {}), activate: () => "up", health: () => "well", deactivate: () => "down" }',
  });
  const abort = new AbortController();
  const { runsPerInstallationMax } = RUNNER_LIMITS;
  const calls = Array.from({ length: runsPerInstallationMax }, () =>
    sandbox.call({ ...bed.get(guest), signal: abort.signal }),
  );
  expect((await sandbox.call(bed.get(guest))).outcome).toBe('loadShed');
  for (const trigger of [
    { kind: 'lifecycle', hook: 'activate' },
    { kind: 'health' },
    { kind: 'lifecycle', hook: 'deactivate' },
  ] as const)
    expect((await sandbox.call(bed.invoke(guest, trigger))).outcome, JSON.stringify(trigger)).toBe('ok');
  abort.abort();
  await Promise.all(calls);
});

test('an answer after the deadline is dropped', async () => {
  const source = `const held = []; export default { fetch(request) {
    if (request.url.endsWith('/late')) return new Promise((done) => held.push(() => done(Response.json('late'))));
    for (const answer of held.splice(0)) answer();
    return Response.json(1);
  } }`;
  const guest = bed.guest({ 'index.js': source });
  const begun = sandbox.call({
    ...bed.get(guest, 'https://souk.test/late'),
    deadline: performance.now() + 100,
  });
  // The next call has the late one answered: only after its deadline, however long this process has paused.
  expect((await begun).outcome).toBe('exceededWallTime');
  expect(bed.read(await sandbox.call(bed.get(guest))).json).toBe(1);
});

test('console and host.log reach the log of the plugin, and nothing else', async () => {
  const source =
    'export default { fetch(request, host) { console.log("a", 1); host.log.warn({ b: 2 }); return new Response(); } }';
  const invocation = bed.get(bed.guest({ 'index.js': source }));
  await sandbox.call(invocation);
  const { requestId } = invocation;
  expect(bed.lines.filter((line) => line.requestId === requestId)).toEqual([
    { level: 'info', text: 'a 1', requestId },
    { level: 'warn', text: '{"b":2}', requestId },
  ]);
});

test('a Hono app is a plugin as it is', async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: `import { Hono } from 'hono';
        const app = new Hono();
        app.get('/hello/:name', async (c) => { await c.env.kv.set('n', c.req.param('name')); return c.json({ hello: await c.env.kv.get('n') }); });
        export default app;`,
      resolveDir: import.meta.dirname,
    },
    bundle: true,
    write: false,
    format: 'esm',
  });
  const guest = bed.guest({ 'index.js': outputFiles[0]?.text ?? '' });
  const completion = await sandbox.call(bed.get(guest, 'https://souk.test/hello/ani'));
  expect(bed.read(completion)).toEqual({ status: 200, json: { hello: 'ani' } });
});

test('a package that cannot be loaded says why', async () => {
  const completion = await sandbox.call(bed.get(bed.guest({ 'index.js': 'export default {' })));
  expect(completion).toMatchObject({ outcome: 'exception', reason: expect.stringContaining('SyntaxError') });
});

test.each([
  [
    'loads',
    'const i = document.createElement("i"); export default {};',
    /not defined \(plugins have no page; bundle/u,
  ],
  [
    'runs',
    'export default { fetch() { return Buffer.from("x"); } };',
    /not defined \(take Uint8Array; or npm/u,
  ],
  [
    'loads',
    'export default { at: __dirname };',
    /not defined \(plugins have no folder when they run; import/u,
  ],
  [
    'runs',
    'export default { fetch() { return colour; } };',
    /^ReferenceError: colour is not defined(?:$|\n)/u,
  ],
])('a name that is not there says what to take instead: while it %s, %s', async (_when, code, said) => {
  const completion = await sandbox.call(bed.get(bed.guest({ 'index.js': code })));
  expect(completion).toMatchObject({
    outcome: 'exception',
    guestError: { message: expect.stringMatching(said), stack: expect.stringMatching(said) },
  });
});

test('after close nothing runs, and no process is left', async () => {
  const other = await createSandbox(bed.options);
  await other.call(bed.get(bed.guest({ 'index.js': HELLO })));
  const pids = other.health().runners.map(({ pid }) => pid);
  await other.close();
  expect((await other.call(bed.get(bed.guest({ 'index.js': HELLO })))).outcome).toBe('canceled');
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow();
});

test('calls that were on their way to an isolate when it broke are begun anew', async () => {
  const source = `export default { fetch(request) {
    if (request.url.endsWith('/spin')) while (true);
    return Response.json('fine');
  } }`;
  const guest = bed.guest({ 'index.js': source });
  await sandbox.call(bed.get(guest));
  const spin = sandbox.call(bed.get(guest, 'https://souk.test/spin'));
  const others = Array.from({ length: 5 }, () => sandbox.call(bed.get(guest)));
  expect((await spin).outcome).toBe('exceededCpu');
  const answers = await Promise.all(others);
  expect(
    answers.map((answer) => bed.read(answer).json),
    JSON.stringify(answers),
  ).toEqual(Array.from({ length: 5 }, () => 'fine'));
});

test('what is unloaded ends its calls as canceled and loads again when it is called', async () => {
  const guest = bed.guest({
    'index.js':
      'let n = 0; export default { fetch: (r) => r.url.endsWith("/wait") ? new Promise(() => {}) : Response.json(++n) }',
  });
  expect(bed.read(await sandbox.call(bed.get(guest))).json).toBe(1);
  const waiting = sandbox.call(bed.get(guest, 'https://souk.test/wait'));
  sandbox.unload(guest.installationId);
  expect((await waiting).outcome).toBe('canceled');
  expect(bed.read(await sandbox.call(bed.get(guest))).json).toBe(1);
});

test('what is unloaded ends the calls that wait for it to be loaded as well', async () => {
  const guest = bed.guest({ 'index.js': HELLO });
  const waiting = sandbox.call(bed.get(guest));
  sandbox.unload(guest.installationId);
  expect((await waiting).outcome).toBe('canceled');
  expect((await sandbox.call(bed.get(guest))).outcome).toBe('ok');
});

test('runners of one organization never hold a guest of another, unless the tier is trusted', async () => {
  const hello = (tier: 'trusted' | 'reviewed', org: string) =>
    sandbox.call(bed.get(bed.guest({ 'index.js': HELLO }, { tier, org: { id: org, slug: org } })));
  const count = (): number => sandbox.health().runners.filter(({ use }) => use === 'guests').length;
  await hello('trusted', 'one');
  const before = count();
  await hello('trusted', 'two');
  expect(count()).toBe(before);
  await hello('reviewed', 'one');
  await hello('reviewed', 'two');
  expect(count()).toBe(before + 2);
});

test('an organization with many slow calls delays another by one of them, not by all', async () => {
  const slow =
    'export default { fetch() { const until = Date.now() + 50; while (Date.now() < until); return Response.json(1); } }';
  const busy = bed.guest({ 'index.js': slow }, { tier: 'trusted', org: { id: 'busy', slug: 'busy' } });
  const quick = bed.guest({ 'index.js': HELLO }, { tier: 'trusted', org: { id: 'quick', slug: 'quick' } });
  await Promise.all([sandbox.call(bed.get(busy)), sandbox.call(bed.get(quick))]);
  let ended = 0;
  const calls = Array.from({ length: 20 }, () => sandbox.call(bed.get(busy)).then(() => (ended += 1)));
  // Sent after all the others and in the same breath: what counts is the order in which the runner answers.
  await sandbox.call(bed.get(quick));
  expect(ended).toBeLessThan(10);
  await Promise.all(calls);
});

/** Runners of the trusted tier that hold plugins. */
const holders = (): number =>
  sandbox.health().runners.filter(({ tier, use }) => tier === 'trusted' && use === 'guests').length;

/** What a busy machine gives to many short steps in a minute counts as if it were one window. */
function stopClock(): void {
  const clock = vi.spyOn(performance, 'now').mockReturnValue(performance.now());
  onTestFinished(() => clock.mockRestore());
}

test.each([
  ['whose steps are long', 200],
  ['that has many short ones', 40],
])('a plugin %s goes on in a runner of its own, and its neighbour in theirs', async (_what, stepMs) => {
  const long = `export default { fetch() { const until = Date.now() + ${stepMs}; while (Date.now() < until); return Response.json(1); } }`;
  const [hog, neighbour] = ['hog', 'beside'].map((name) => {
    const org = `${name}-${stepMs}`;
    const code = name === 'hog' ? long : HELLO;
    return bed.guest({ 'index.js': code }, { tier: 'trusted', org: { id: org, slug: org } });
  }) as [Guest, Guest];
  await sandbox.call(bed.get(neighbour));
  const before = holders();
  if (stepMs < RUNNER_LIMITS.neighbourWaitMsMax) stopClock();
  // A machine with much to do may give it too little of the processor to be noticed at the first time.
  await expect
    .poll(
      async () => {
        await sandbox.call(bed.get(hog));
        return holders();
      },
      { timeout: 30_000, interval: 0 },
    )
    .toBe(before + 1);
  expect(bed.read(await sandbox.call(bed.get(neighbour))).json).toBe('hello');
});

test('a plugin that takes its time when its caller goes away goes on in a runner of its own', async () => {
  const long = `export default { fetch(request) { request.signal.addEventListener('abort', () => {
    const until = Date.now() + 200; while (Date.now() < until);
  }); return new Promise(() => {}); } }`;
  const [hog, neighbour] = ['late-hog', 'beside-late'].map((org) =>
    bed.guest(
      { 'index.js': org === 'late-hog' ? long : HELLO },
      { tier: 'trusted', org: { id: org, slug: org } },
    ),
  ) as [Guest, Guest];
  await sandbox.call(bed.get(neighbour));
  const before = holders();
  const callAndLeave = async (): Promise<void> => {
    const leaving = new AbortController();
    const left = sandbox.call({ ...bed.get(hog), signal: leaving.signal });
    await sandbox.call(bed.get(neighbour));
    leaving.abort();
    // The neighbour's next call waits behind the listener.
    await Promise.all([left, sandbox.call(bed.get(neighbour))]);
  };
  await expect
    .poll(
      async () => {
        await callAndLeave();
        return holders();
      },
      { timeout: 30_000, interval: 0 },
    )
    .toBe(before + 1);
});

test('calls whose callers have gone before their turn do not reach the plugin', async () => {
  const source = `let runs = 0; export default { fetch() {
    const until = Date.now() + 20;
    while (Date.now() < until);
    return Response.json(++runs);
  } }`;
  const guest = bed.guest({ 'index.js': source });
  await sandbox.call(bed.get(guest));
  const leaving = new AbortController();
  const left = Array.from({ length: 50 }, () => sandbox.call({ ...bed.get(guest), signal: leaving.signal }));
  leaving.abort();
  expect(new Set((await Promise.all(left)).map(({ outcome }) => outcome))).toEqual(new Set(['canceled']));
  // Some had their turn before the runner heard of it.
  expect(bed.read(await sandbox.call(bed.get(guest))).json).toBeLessThan(25);
});

test('what a plugin does when it hears of the end of its run is charged to the run', async () => {
  const work = 'for (let n = 0; n < 4_000_000; n++);';
  // The budget ends the runs, not the time of a step: that passes where the machine stands still as well.
  const endpoint = { cpuTimeMsMax: 5, entryMsMax: 20_000, wallTimeMsMax: 60_000 };
  const own = await createSandbox({ ...bed.options, limits: { endpoint } });
  onTestFinished(() => own.close());
  // Five times as much as the run itself: what else the machine does falls on either.
  const more = work.repeat(5);
  const [silent, listening] = ['', `request.signal.addEventListener('abort', () => { ${more} });`].map(
    (listen) =>
      bed.guest({
        'index.js': `export default { fetch(request) { ${listen} ${work} return new Promise(() => {}); } }`,
      }),
  ) as [Guest, Guest];
  const [once, twice] = [await own.call(bed.get(silent)), await own.call(bed.get(listening))];
  expect([once.outcome, twice.outcome]).toEqual(['exceededCpu', 'exceededCpu']);
  expect(twice.usage.cpuMs).toBeGreaterThan(once.usage.cpuMs * 1.5);
});

test('a call waits for as many runners as others kill before one is ready', async () => {
  const guest = bed.guest({ 'index.js': HELLO }, { tier: 'unreviewed' });
  const killed = new Set<number>();
  const killStarting = (): void => {
    for (const { tier, isolates, pid } of own.health().runners) {
      if (tier !== 'unreviewed' || isolates > 0 || killed.has(pid) || killed.size === 5) continue;
      process.kill(-pid, 'SIGKILL');
      killed.add(pid);
    }
  };
  // At the end of one the call takes the next, which is killed before this process can hear that it is ready.
  const runnerEnded = (): void => queueMicrotask(() => process.nextTick(killStarting));
  const own = await createSandbox({
    ...bed.options,
    limits: { endpoint: { wallTimeMsMax: 60_000 } },
    onWeakRights: 'allowUnreviewed',
    observer: { ...bed.options.observer, runnerEnded },
  });
  onTestFinished(() => own.close());
  const call = own.call(bed.get(guest));
  killStarting();
  expect(bed.read(await call).json).toBe('hello');
  expect(killed.size).toBe(5);
});

test('a plugin that broke its isolate goes on in a runner of its own', async () => {
  const fill =
    'export default { fetch() { const all = []; for (;;) all.push(new Array(100_000).fill(1)); } }';
  const [filling, neighbour] = ['filling', 'beside-it'].map((org) =>
    bed.guest(
      { 'index.js': org === 'filling' ? fill : HELLO },
      { tier: 'trusted', org: { id: org, slug: org } },
    ),
  ) as [Guest, Guest];
  await sandbox.call(bed.get(neighbour));
  const before = holders();
  expect((await sandbox.call(bed.get(filling))).outcome).toMatch(/^exceeded(?:Memory|Cpu)$/u);
  await sandbox.call(bed.get(filling));
  // Where its runner died of it, the neighbour has a new one by now.
  await sandbox.call(bed.get(neighbour));
  await expect.poll(holders).toBe(before + 1);
});

test('what is logged beyond the allowance is dropped, once said so', async () => {
  const line = 'x'.repeat(2_000);
  const guest = bed.guest({
    'index.js': `export default { fetch(request, host) { for (let n = 0; n < 99; n += 1) host.log.info(${JSON.stringify(line)}); return Response.json(1); } }`,
  });
  const before = bed.lines.length;
  for (let call = 0; call < 10; call += 1) await sandbox.call(bed.get(guest));
  const lines = bed.lines.slice(before).map(({ text }) => text);
  expect(lines.length).toBeLessThan(990);
  expect(lines.filter((text) => text.startsWith('more is logged'))).not.toHaveLength(0);
  expect(lines.filter((text) => text === line).length).toBeGreaterThanOrEqual(
    ISOLATE_LIMITS.logCharsAtOnceMax / line.length - 1,
  );
});

test('a plugin may begin cryptography while it loads, and wait for it in a call', async () => {
  const source = `
    const digest = crypto.subtle.digest('SHA-256', new TextEncoder().encode('abc'));
    export default { async fetch() { return Response.json(new Uint8Array(await digest)[0]); } }`;
  const guest = bed.guest({ 'index.js': source });
  expect(bed.read(await sandbox.call(bed.get(guest))).json).toBe(0xba);
  expect(bed.read(await sandbox.call(bed.get(guest))).json).toBe(0xba);
});

test('cryptography that is asked for all at once waits its turn; what its runs leave behind fails, and burdens no other', async () => {
  const code = `
    const digest = () => crypto.subtle.digest('SHA-256', new Uint8Array(8));
    let left = [];
    export default {
      async fetch(request) {
        const { pathname } = new URL(request.url);
        if (pathname === '/leave') { left = Array.from({ length: 200 }, digest); return Response.json('left'); }
        if (pathname === '/left') {
          const ends = await Promise.allSettled(left);
          return Response.json([...new Set(ends.filter((end) => end.reason).map((end) => end.reason.message))]);
        }
        const all = await Promise.all(Array.from({ length: 100 }, digest));
        return Response.json(all.length);
      },
    };`;
  const guest = bed.guest({ 'index.js': code });
  const read = async (path: string): Promise<unknown> =>
    bed.read(await sandbox.call(bed.get(guest, `https://souk.test${path}`))).json;
  expect(await read('/all')).toBe(100);
  expect(await read('/leave')).toBe('left');
  expect(await read('/left')).toEqual(['the run that asked for this cryptographic operation has ended']);
  expect(await read('/all')).toBe(100);
});
