import { ENVELOPE_LIMITS, PACKAGE_LIMITS } from '../../spec/limits.ts';
import { Refusal } from '../../spec/refusal.ts';
import type { PublishRequest } from './ports.ts';

declare const uploaded: unique symbol;

/** Bytes of bounded size, hashed; nothing is known about them. Only `acceptUpload` makes one. */
export type Uploaded = PublishRequest & {
  /** Lower-case hexadecimal. */
  readonly archiveSha256: string;
  /** The registry's time (keys/registry-time.ts): keys are judged by it, and it becomes the version's `acceptedAt`. */
  readonly at: Date;
  readonly [uploaded]: true;
};

/**
 * @param archiveSha256 over the bytes as they came in
 * @param at the registry's time
 * @throws Refusal `upload_empty`, `archive_too_large`, `envelope_too_large` or `envelope_missing`
 */
export function acceptUpload(request: PublishRequest, archiveSha256: string, at: Date): Uploaded {
  const { archive, envelope, destination } = request;
  if (archive.length === 0) throw new Refusal('upload_empty', { detail: 'The archive has no bytes.' });
  if (archive.length > PACKAGE_LIMITS.archiveBytesMax)
    throw new Refusal('archive_too_large', {
      detail: `The archive has ${archive.length} bytes; at most ${PACKAGE_LIMITS.archiveBytesMax} are taken.`,
    });
  if (envelope && envelope.length > ENVELOPE_LIMITS.envelopeBytesMax)
    throw new Refusal('envelope_too_large', { detail: `The envelope has ${envelope.length} bytes.` });
  if (!envelope && !(destination.kind === 'private' && destination.unsigned === 'allow'))
    throw new Refusal('envelope_missing', { detail: unsignedRefusal(destination.kind) });
  return { ...request, archiveSha256, at } as Uploaded;
}

function unsignedRefusal(destination: 'public' | 'private'): string {
  return destination === 'public'
    ? 'No envelope came with the archive, and the public registry takes signed packages only.'
    : 'No envelope came with the archive, and the organization takes signed packages only.';
}
