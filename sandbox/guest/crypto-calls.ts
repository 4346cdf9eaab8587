/**
 * Calls to the runner's cryptography: the state stays here, the runner keeps none.
 *
 * A plugin may ask for as many operations at once as it likes (`Promise.all` over the rows of a file). The runner does
 * one after the other and holds few; the others wait here, on the plugin's own memory.
 */
import { CRYPTO_LIMITS } from '../../spec/limits/crypto.ts';
import { POST } from './bridge.ts';
import { post } from './post.ts';
import {
  ErrorConstructor,
  MapConstructor,
  mapDelete,
  mapGet,
  mapSet,
  mapSize,
  PromiseConstructor,
} from './primordials.ts';

type Operation = {
  readonly call: number;
  readonly operation: string;
  readonly json: string;
  readonly resolve: (text: string) => void;
  readonly reject: (reason: unknown) => void;
};

/** What the runner holds, and how long its arguments are together. */
const sent = new MapConstructor<number, Operation>();
let sentChars = 0;
/** What waits, by its number: the first of them and the next after the last. */
const waiting = new MapConstructor<number, Operation>();
let firstWaiting = 1;
let lastCall = 0;

export function performCrypto(operation: string, json: string): Promise<string> {
  return new PromiseConstructor((resolve, reject) => {
    const call = ++lastCall;
    mapSet(waiting, call, { call, operation, json, resolve, reject });
    sendWaiting();
  });
}

/** @param text the result or the error, as `sandbox/runner/web-crypto.ts` wrote it */
export function settleCrypto(call: number, text: string): void {
  const operation = mapGet(sent, call);
  if (!operation) return;
  forgetSent(operation);
  operation.resolve(text);
  sendWaiting();
}

/** With the last run there is nobody left who could pay for what waits: it fails rather than burden the next. */
export function forgetWaitingCrypto(): void {
  for (; firstWaiting <= lastCall; firstWaiting++) {
    const operation = mapGet(waiting, firstWaiting);
    mapDelete(waiting, firstWaiting);
    operation?.reject(new ErrorConstructor('the run that asked for this cryptographic operation has ended'));
  }
}

function sendWaiting(): void {
  for (; firstWaiting <= lastCall; firstWaiting++) {
    const next = mapGet(waiting, firstWaiting) as Operation;
    if (!hasRoomFor(next)) return;
    mapDelete(waiting, firstWaiting);
    send(next);
  }
}

/** One that is too large by itself is sent all the same, to be refused for that. */
function hasRoomFor({ json }: Operation): boolean {
  const count = mapSize(sent);
  if (count === 0) return true;
  return count < CRYPTO_LIMITS.runPendingMax && sentChars + json.length <= CRYPTO_LIMITS.pendingCharsMax;
}

function send(operation: Operation): void {
  const { call, json, reject } = operation;
  const accepted = post(POST.crypto, 0, call, operation.operation, json);
  if (typeof accepted !== 'number') return reject(new ErrorConstructor(String(accepted)));
  mapSet(sent, call, operation);
  sentChars += json.length;
}

function forgetSent({ call, json }: Operation): void {
  mapDelete(sent, call);
  sentChars -= json.length;
}
