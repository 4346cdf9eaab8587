import type { CallSite } from './error-text.ts';
import type { PulledBody } from './web/pulled-body.ts';

/**
 * What the web APIs in the isolate need from beneath: the only things they cannot do for themselves.
 *
 * Everything that crosses is a string, a number or undefined. Bytes cross as binary strings: one UTF-16 code unit from
 * 0 to 255 for each byte, which V8 stores in one byte each.
 */
export type GuestBindings = {
  /** Calls `callback` once after at least `delayMs`; the identifier is positive. Only while a run is in flight. */
  setTimer(delayMs: number, callback: () => void): number;
  clearTimer(id: number): void;
  /** Milliseconds since the epoch, in whole steps of one. */
  now(): number;
  /** `count` random bytes, at most 65,536, as a binary string. */
  randomBytes(count: number): string;
  /**
   * A domain name that is not plain ASCII, or has a punycode label, to lower-case ASCII (UTS 46, as the URL standard
   * asks); an empty string when it is no domain name. `sandbox/runner/domain.ts` is the host's half.
   */
  domainToAscii(domain: string): string;
  /** The text of one part of `bundle.ts`. */
  part(name: string): string;
  /** One line for the plugin's log. */
  log(level: 'debug' | 'info' | 'warn' | 'error', text: string): void;
  /**
   * Work on keys and digests that native code does better (SHA, HMAC, AES, ECDSA, Ed25519, RSA), done in the runner
   * process with no state kept there: keys travel as JWK or raw bytes in the request.
   * @param operation `digest`, `sign`, `verify`, `encrypt`, `decrypt`, `generateKey`, `deriveBits`, …
   * @param json arguments, bytes as binary strings
   * @returns always `{"value": …}`, bytes as binary strings, or `{"error": {"name", "message"}}` with the name of a
   *   DOMException; `performCrypto` of `sandbox/runner/web-crypto.ts` makes it, to be passed through unchanged
   */
  crypto(operation: string, json: string): Promise<string>;
  /**
   * Outbound HTTP through the broker, under the grant; rejects while no run is in flight.
   * @param site where the guest called, for the error that may come
   */
  fetch(request: BoundRequest, site: CallSite): BoundCall;
  /** Calls `abort` once, now or when the host ends the run because its caller went away. */
  onCallerGone(run: BoundRun, abort: () => void): void;
};

/** A run, which only its own half of the bridge looks into. */
export type BoundRun = { readonly id: number };

/** A request on its way. */
export type BoundCall = {
  readonly answer: Promise<BoundResponse>;
  /** Nobody wants the answer any more, or no more of its body: who waits for either gets the reason. */
  abort(reason: unknown): void;
};

export type BoundRequest = {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string | null;
  readonly redirect: 'follow' | 'error' | 'manual';
};

export type BoundResponse = {
  readonly status: number;
  readonly statusText: string;
  readonly url: string;
  readonly redirected: boolean;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string | PulledBody | null;
};
