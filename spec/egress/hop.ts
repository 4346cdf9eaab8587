/** One request of a plugin to the outside: the first, or one that a redirect led to. */
import type { HttpMethod } from '../permission.ts';
import type { SendableHeaders } from './headers.ts';
import type { Target } from './target.ts';

export type Hop = {
  readonly method: HttpMethod;
  readonly target: Target;
  readonly headers: SendableHeaders;
  /** Those that may go along to another origin: no keys, and none that a secret was filled into. */
  readonly portable: SendableHeaders;
  readonly body: Uint8Array | null;
};
