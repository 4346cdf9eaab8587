import type { ArchiveErrorCode } from '../refuse.ts';

/** A hostile or broken archive, named after its trick, with the exact code that refuses it. */
export type RejectCase = {
  readonly trick: string;
  readonly code: ArchiveErrorCode;
  readonly archive: () => Buffer;
};

/** An odd or ordinary archive that must be read, with the files that it holds. */
export type AcceptCase = {
  readonly trick: string;
  readonly files: readonly string[];
  readonly archive: () => Buffer;
};
