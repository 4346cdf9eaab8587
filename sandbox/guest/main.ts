/**
 * The guest runtime: what runs in every isolate before plugin code does.
 *
 * It is bundled into one script, evaluated into V8's startup snapshot (so nothing here may start a timer, hold a
 * promise or touch the bridge at evaluation), and bound to its isolate by `boot`, which the runner calls once for each
 * context and which is gone from the global object before the package loads.
 */
import { bindings } from './late-bindings.ts';
import { DELIVER, POST, type AnswerHead, type RunHead } from './bridge.ts';
import { settleCrypto } from './crypto-calls.ts';
import { describeThrown } from './errors.ts';
import { makeHost, readSettings, revoke, settleCall, type GuestRun, type HostSettings } from './host.ts';
import { adoptPlugin, handlerKey, type GuestPlugin } from './plugin.ts';
import { bindPost, post, type Post } from './post.ts';
import {
  apply,
  create,
  MapConstructor,
  mapDelete,
  mapGet,
  mapSet,
  parse,
  stringify,
  TypeErrorConstructor,
} from './primordials.ts';
import { fireTimer } from './timers.ts';
import { installWebApi, readResponse, makeRequest } from './web/index.ts';

let plugin: GuestPlugin = create(null) as GuestPlugin;
let settings: HostSettings | undefined;
const runs = new MapConstructor<number, GuestRun>();

const REMOVED = ['WebAssembly', 'SharedArrayBuffer', 'Atomics', 'FinalizationRegistry'];

installWebApi(bindings);

/** Done in each context: V8 adds some of them only to the context that it makes from a snapshot, and needs the rest for it. */
function removeGlobals(): void {
  for (let index = 0; index < REMOVED.length; index++)
    Reflect.deleteProperty(globalThis, REMOVED[index] as string);
}

function deliver(delivery: number, run: number, first: unknown, second: unknown, third?: string): void {
  switch (delivery) {
    case DELIVER.run:
      return startRun(run, first as string, second as string, third);
    case DELIVER.result:
      return settleCall(first as number, second === 1, third ?? 'null');
    case DELIVER.timer:
      return fireTimer(first as number);
    case DELIVER.cryptoResult:
      return settleCrypto(first as number, third ?? '');
    case DELIVER.revoke:
      return endRun(run);
    case DELIVER.configure:
      settings = readSettings(first as string);
      return;
    case DELIVER.adopt:
      return adopt(first as object);
  }
}

function adopt(namespace: object): void {
  const adopted = adoptPlugin(namespace, (settings as HostSettings).raw.handlers);
  if (typeof adopted === 'string') post(POST.adopted, 0, adopted);
  else {
    plugin = adopted;
    post(POST.adopted, 0, '');
  }
}

function endRun(id: number): void {
  const run = mapGet(runs, id);
  if (run) revoke(run);
  mapDelete(runs, id);
}

function startRun(id: number, trigger: string, headText: string, body: string | undefined): void {
  const run: GuestRun = { id, live: true };
  mapSet(runs, id, run);
  void perform(run, trigger, parse(headText) as RunHead, body);
}

async function perform(
  run: GuestRun,
  trigger: string,
  head: RunHead,
  body: string | undefined,
): Promise<void> {
  const current = settings as HostSettings;
  try {
    const host = makeHost(run, current, head);
    if (trigger === 'endpoint') await answerRequest(run, head, body, host, current.raw.responseBytesMax);
    else if (head.handler) finish(run, 'ok', { value: await callHandler(head, head.handler, host) });
    else finish(run, 'ok', { value: await callHook(trigger, head, host) });
  } catch (thrown) {
    finish(run, 'exception', describeThrown(thrown, current.raw.errorCharsMax));
  }
}

async function answerRequest(
  run: GuestRun,
  head: RunHead,
  body: string | undefined,
  host: object,
  bytesMax: number,
): Promise<void> {
  if (typeof plugin.fetch !== 'function') {
    return finish(run, 'exception', {
      reason: 'no fetch',
      message: 'the default export has no fetch',
      stack: '',
    });
  }
  const request = makeRequest({ ...(head.request as NonNullable<RunHead['request']>), body: body ?? null });
  const answered: unknown = await apply(plugin.fetch, plugin.self, [request, host]);
  const answer = await readResponse(answered, bytesMax);
  if (answer === 'tooLarge') {
    const message = `the response has more than ${bytesMax} bytes`;
    return finish(run, 'exceededOutput', { reason: 'output', message, stack: '' });
  }
  finish(run, 'ok', { status: answer.status, headers: answer.headers }, answer.body ?? undefined);
}

async function callHook(trigger: string, head: RunHead, host: object): Promise<unknown> {
  const name = trigger === 'health' ? 'health' : (head.hook as string);
  const hook = plugin.hooks[name];
  if (typeof hook !== 'function') return null;
  const args = head.fromVersion === undefined ? [host] : [host, head.fromVersion];
  const value: unknown = await apply(hook, plugin.self, args);
  return value === undefined ? null : value;
}

async function callHandler(head: RunHead, path: readonly string[], host: object): Promise<unknown> {
  const handler = mapGet(plugin.handlers, handlerKey(path));
  if (!handler) throw new TypeErrorConstructor('the manifest does not declare this handler');
  const value: unknown = await apply(handler.call, handler.self, [head.input, host]);
  return value === undefined ? null : value;
}

function finish(
  run: GuestRun,
  outcome: 'ok' | 'exception' | 'exceededOutput',
  head: AnswerHead,
  body?: string,
): void {
  if (!run.live) return;
  const text = stringify(head);
  endRun(run.id);
  post(POST.done, run.id, outcome, text, body);
}

/**
 * Binds this context to its isolate's bridge.
 * @returns the function that the runner keeps, and nobody else ever sees
 */
function boot(callback: Post): typeof deliver {
  Reflect.deleteProperty(globalThis, 'soukBoot');
  removeGlobals();
  bindPost(callback);
  return deliver;
}

Object.defineProperty(globalThis, 'soukBoot', { value: boot, configurable: true, enumerable: false });
