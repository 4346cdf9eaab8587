/** The parts of the web APIs that are loaded late, each the module of that name in this folder. */
export const PART_NAMES = [
  'abort',
  'blob',
  'compression',
  'crypto-key',
  'data-url',
  'description',
  'event-kinds',
  'event-target',
  'form-data',
  'integrity',
  'legacy-encodings',
  'message-channel',
  'multi-byte-encodings',
  'quota-exceeded-error',
  'streams',
  'structured-clone',
  'subtle-crypto',
  'text-decoder',
  'url',
  'url-pattern',
] as const;

export type PartName = (typeof PART_NAMES)[number];
