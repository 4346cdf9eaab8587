/** Calls to the runner's cryptography: the state stays here, the runner keeps none. */
import { POST } from './bridge.ts';
import { post } from './post.ts';
import {
  ErrorConstructor,
  MapConstructor,
  mapDelete,
  mapGet,
  mapSet,
  PromiseConstructor,
} from './primordials.ts';

const pendingOperations = new MapConstructor<number, (text: string) => void>();
let lastOperation = 0;

export function performCrypto(operation: string, json: string): Promise<string> {
  return new PromiseConstructor((resolve) => {
    const call = ++lastOperation;
    const accepted = post(POST.crypto, 0, call, operation, json);
    if (typeof accepted !== 'number') throw new ErrorConstructor(String(accepted));
    mapSet(pendingOperations, call, resolve);
  });
}

/** @param text the result or the error, as `sandbox/runner/web-crypto.ts` wrote it */
export function settleCrypto(call: number, text: string): void {
  const resolve = mapGet(pendingOperations, call);
  mapDelete(pendingOperations, call);
  resolve?.(text);
}
