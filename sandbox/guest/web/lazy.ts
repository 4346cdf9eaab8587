/**
 * Parts of the web APIs that many plugins never touch (`part.ts`).
 *
 * Every isolate pays for what its startup snapshot holds, and for its objects twice (isolated-vm makes a context of its
 * own beside ours): evaluated, these parts took half a megabyte more of each isolate's heap, and unevaluated, as text
 * with functions that nobody calls, an eighth. What is loaded late captures built-ins that no other module has captured,
 * which the guest may have replaced by then; that breaks the guest's own URL or stream and nothing of ours, as the broker
 * judges every URL by itself.
 */
import type * as abortModule from './abort.ts';
import type * as blobModule from './blob.ts';
import type * as channelModule from './message-channel.ts';
import type * as compressionModule from './compression.ts';
import type * as dataUrlModule from './data-url.ts';
import type * as decoderModule from './text-decoder.ts';
import type * as descriptionModule from './description.ts';
import type * as eventKindsModule from './event-kinds.ts';
import type * as quotaErrorModule from './quota-exceeded-error.ts';
import type * as structuredCloneModule from './structured-clone.ts';
import type * as eventTargetModule from './event-target.ts';
import type * as formDataModule from './form-data.ts';
import type * as cryptoKeyModule from './crypto-key.ts';
import type * as integrityModule from './integrity.ts';
import type * as legacyEncodingsModule from './legacy-encodings.ts';
import type * as multiByteModule from './multi-byte-encodings.ts';
import type * as urlPatternModule from './url-pattern.ts';
import type * as streamsModule from './streams.ts';
import type * as subtleCryptoModule from './subtle-crypto.ts';
import type * as urlModule from './url.ts';
import { Part } from './part.ts';

export const abortPart = new Part<typeof abortModule>('abort');
export const blobPart = new Part<typeof blobModule>('blob');
export const channelPart = new Part<typeof channelModule>('message-channel');
export const clonePart = new Part<typeof structuredCloneModule>('structured-clone');
export const compressionPart = new Part<typeof compressionModule>('compression');
export const dataUrlPart = new Part<typeof dataUrlModule>('data-url');
export const decoderPart = new Part<typeof decoderModule>('text-decoder');
export const descriptionPart = new Part<typeof descriptionModule>('description');
export const eventKindsPart = new Part<typeof eventKindsModule>('event-kinds');
export const eventPart = new Part<typeof eventTargetModule>('event-target');
export const formPart = new Part<typeof formDataModule>('form-data');
export const keyPart = new Part<typeof cryptoKeyModule>('crypto-key');
export const integrityPart = new Part<typeof integrityModule>('integrity');
export const legacyEncodingsPart = new Part<typeof legacyEncodingsModule>('legacy-encodings');
export const multiBytePart = new Part<typeof multiByteModule>('multi-byte-encodings');
export const patternPart = new Part<typeof urlPatternModule>('url-pattern');
export const quotaErrorPart = new Part<typeof quotaErrorModule>('quota-exceeded-error');
export const streamPart = new Part<typeof streamsModule>('streams');
export const subtlePart = new Part<typeof subtleCryptoModule>('subtle-crypto');
export const urlPart = new Part<typeof urlModule>('url');
