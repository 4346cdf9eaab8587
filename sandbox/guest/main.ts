/**
 * The guest runtime: what runs in every isolate before plugin code does.
 *
 * It is bundled into one script, evaluated into V8's startup snapshot (so nothing here may start a timer, hold a
 * promise or touch the bridge at evaluation), and bound to its isolate by `boot`, which the runner calls once for each
 * context and which is gone from the global object before the package loads.
 */
import { bindings } from './late-bindings.ts';
import {
  DELIVER,
  POST,
  type AnswerHead,
  type HandlerHead,
  type RequestHead,
  type RunHead,
} from './bridge.ts';
import { forgetWaitingCrypto, settleCrypto } from './crypto-calls.ts';
import { describeThrown } from './errors.ts';
import { openRequest, settleAnswer } from './inflow.ts';
import {
  endByHost,
  makeHost,
  readSettings,
  revoke,
  settleCall,
  type GuestRun,
  type HostSettings,
} from './host.ts';
import { allowMore, pourOut } from './outflow.ts';
import { adoptPlugin, handlerKey, type GuestPlugin } from './plugin.ts';
import { bindPost, post, type Post } from './post.ts';
import {
  apply,
  create,
  MapConstructor,
  mapDelete,
  mapGet,
  mapSet,
  mapSize,
  stringify,
  TypeErrorConstructor,
} from './primordials.ts';
import { readRunHead } from './run-head.ts';
import { fireTimer, forgetTimers } from './timers.ts';
import { RUN_FLAGS } from '../protocol/kinds.ts';
import { installWebApi, isRequestTooLarge, readResponse, makeRequest, type PulledBody } from './web/index.ts';

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

function deliver(
  delivery: number,
  run: number,
  first: unknown,
  second: unknown,
  third?: string,
  flags = 0,
): void {
  switch (delivery) {
    case DELIVER.run:
      return startRun(run, first as string, second as string, third, flags);
    case DELIVER.result:
      return settleCall(first as number, second === 1, third ?? 'null');
    case DELIVER.timer:
      return fireTimer(first as number);
    case DELIVER.cryptoResult:
      return settleCrypto(first as number, third ?? '');
    case DELIVER.more:
      return allowMore(mapGet(runs, run), first as number);
    case DELIVER.piece:
      if (second !== 0) return settleAnswer(second as number, first as number, third ?? '');
      return mapGet(runs, run)?.inflow?.settle(first as number, third ?? '');
    case DELIVER.revoke:
      return revokeRun(run);
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
  if (mapSize(runs) > 0) return;
  forgetTimers();
  forgetWaitingCrypto();
}

function revokeRun(id: number): void {
  const run = mapGet(runs, id);
  mapDelete(runs, id);
  if (run) endByHost(run);
  if (mapSize(runs) === 0) forgetWaitingCrypto();
}

function startRun(
  id: number,
  trigger: string,
  headText: string,
  body: string | undefined,
  flags: number,
): void {
  const run: GuestRun = {
    id,
    live: true,
    inflow: undefined,
    outflow: undefined,
    watchers: undefined,
    wasEnded: false,
  };
  mapSet(runs, id, run);
  void perform(run, trigger, readRunHead(headText), body, flags);
}

async function perform(
  run: GuestRun,
  trigger: string,
  head: RunHead,
  body: string | undefined,
  flags: number,
): Promise<void> {
  const current = settings as HostSettings;
  const { errorCharsMax } = current.raw;
  const { callerText, work } = head;
  try {
    const host = makeHost(run, current, callerText);
    if (work.kind === 'request') await answerRequest(run, work, bodyFor(run, body, flags), host, flags);
    else if (work.handler) finish(run, 'ok', { value: await callHandler(work, work.handler, host) });
    else finish(run, 'ok', { value: await callHook(trigger, work, host) });
  } catch (thrown) {
    const isUnanswered = work.kind === 'request' && run.outflow === undefined;
    if (isUnanswered && isRequestTooLarge(thrown)) finish(run, 'ok', TOO_LARGE_HEAD, TOO_LARGE_BODY);
    else finishThrown(run, thrown, errorCharsMax);
  }
}

/** A plugin that reads requests whole does not have to say what becomes of one that is too large for that. */
const TOO_LARGE_HEAD: AnswerHead = { status: 413, headers: [['content-type', 'application/problem+json']] };
const TOO_LARGE_BODY = stringify({
  type: 'about:blank',
  title: 'Content Too Large',
  status: 413,
  code: 'body_too_large',
  detail: 'The plugin reads the body of this request as a whole, and it is too large for that.',
});

function bodyFor(run: GuestRun, body: string | undefined, flags: number): string | PulledBody | null {
  if ((flags & RUN_FLAGS.bodyInPieces) === 0) return body ?? null;
  run.inflow = openRequest(run.id, (settings as HostSettings).raw.requestBytesMax);
  return run.inflow;
}

async function answerRequest(
  run: GuestRun,
  { method, url, headersText }: RequestHead,
  body: string | PulledBody | null,
  host: object,
  flags: number,
): Promise<void> {
  if (typeof plugin.fetch !== 'function') {
    return finish(run, 'exception', {
      reason: 'no fetch',
      message: 'the default export has no fetch',
      stack: '',
    });
  }
  const { responseBytesMax } = (settings as HostSettings).raw;
  const request = makeRequest({ method, url, headersText, body, run });
  const answered: unknown = await apply(plugin.fetch, plugin.self, [request, host]);
  const answer = await readResponse(answered, responseBytesMax, howToAnswer(method, flags));
  if (answer === 'tooLarge') {
    const message = `the response has more than ${responseBytesMax} bytes`;
    return finish(run, 'exceededOutput', { reason: 'output', message, stack: '' });
  }
  const begun = { status: answer.status, headers: answer.headers };
  if (answer.body === null || typeof answer.body === 'string')
    return finish(run, 'ok', begun, answer.body ?? undefined);
  await pourOut(run, stringify(begun), answer.body, (settings as HostSettings).raw.pieceBytesMax);
  finish(run, 'ok', {});
}

/** An answer to HEAD has no body (RFC 9110, section 9.3.2): a stream without end would never let it begin. */
function howToAnswer(method: string, flags: number): 'whole' | 'pieces' | 'headOnly' {
  if (method === 'HEAD') return 'headOnly';
  return (flags & RUN_FLAGS.answerInPieces) === 0 ? 'whole' : 'pieces';
}

async function callHook(trigger: string, head: HandlerHead, host: object): Promise<unknown> {
  const name = trigger === 'health' ? 'health' : (head.hook as string);
  const hook = plugin.hooks[name];
  if (typeof hook !== 'function') return null;
  const args = head.fromVersion === undefined ? [host] : [host, head.fromVersion];
  const value: unknown = await apply(hook, plugin.self, args);
  return value === undefined ? null : value;
}

async function callHandler(head: HandlerHead, path: readonly string[], host: object): Promise<unknown> {
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
  // First, while what it asks of the guest may still fail: then the run is there for that failure.
  const text: unknown = stringify(head);
  endRun(run.id);
  if (typeof text === 'string') post(POST.done, run.id, outcome, text, body);
  else post(POST.done, run.id, 'exception', UNREADABLE);
}

/** The guest made even its failure unreadable, by a `toJSON` on what every object inherits. */
const UNREADABLE = stringify({
  reason: 'thrown',
  message: 'what the handler answered cannot be written as JSON',
  stack: '',
} satisfies AnswerHead);

/** Ends a run whatever its handler threw: who waits for it must not wait in vain. */
function finishThrown(run: GuestRun, thrown: unknown, errorCharsMax: number): void {
  try {
    finish(run, 'exception', describeThrown(thrown, errorCharsMax));
  } catch {
    endRun(run.id);
    post(POST.done, run.id, 'exception', UNREADABLE);
  }
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
