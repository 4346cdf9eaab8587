/**
 * Parts of the web APIs that many plugins never touch. They stay source text until the first use; the largest, which are
 * libraries, are not even there as text (`library.ts`).
 *
 * Every isolate pays for what its startup snapshot holds, twice (isolated-vm makes a context of its own beside ours):
 * evaluated, these parts took half a megabyte more of each isolate's heap (1.68 MB against 1.19, measured). What is
 * loaded late captures built-ins that the guest may have replaced by then; that breaks the guest's own URL or stream
 * and nothing of ours, as the broker judges every URL by itself.
 */
import type * as abortModule from './abort.ts';
import type * as blobModule from './blob.ts';
import type * as channelModule from './message-channel.ts';
import type * as compressionModule from './compression.ts';
import type * as eventKindsModule from './event-kinds.ts';
import type * as structuredCloneModule from './structured-clone.ts';
import type * as eventTargetModule from './event-target.ts';
import type * as formDataModule from './form-data.ts';
import type * as cryptoKeyModule from './crypto-key.ts';
import type * as urlPatternModule from './url-pattern.ts';
import type * as streamsModule from './streams.ts';
import type * as subtleCryptoModule from './subtle-crypto.ts';
import type * as urlModule from './url.ts';

/** One part, loaded when it is asked for. */
type Part<T> = {
  /** Loads it where it is not loaded yet. */
  use(): T;
  /** Without loading: while a part is not loaded, nothing can be an instance of its classes. */
  loaded(): T | undefined;
};

function part<T>(load: () => T): Part<T> {
  let loaded: T | undefined;
  return {
    use() {
      loaded ??= load();
      return loaded;
    },
    loaded: () => loaded,
  };
}

// `require` is resolved by the bundler: the module is wrapped into a function that runs at the first call.
export const abortPart = part(() => require('./abort.ts') as typeof abortModule);
export const blobPart = part(() => require('./blob.ts') as typeof blobModule);
export const channelPart = part(() => require('./message-channel.ts') as typeof channelModule);
export const clonePart = part(() => require('./structured-clone.ts') as typeof structuredCloneModule);
export const compressionPart = part(() => require('./compression.ts') as typeof compressionModule);
export const eventKindsPart = part(() => require('./event-kinds.ts') as typeof eventKindsModule);
export const eventPart = part(() => require('./event-target.ts') as typeof eventTargetModule);
export const formPart = part(() => require('./form-data.ts') as typeof formDataModule);
export const keyPart = part(() => require('./crypto-key.ts') as typeof cryptoKeyModule);
export const patternPart = part(() => require('./url-pattern.ts') as typeof urlPatternModule);
export const streamPart = part(() => require('./streams.ts') as typeof streamsModule);
export const subtlePart = part(() => require('./subtle-crypto.ts') as typeof subtleCryptoModule);
export const urlPart = part(() => require('./url.ts') as typeof urlModule);
