/**
 * Where package bytes live: named by their SHA-256, written once, never changed. A second implementation (S3) has to
 * keep the same promises:
 * - `put` returns only when the bytes survive a power cut, and never leaves half of them under their name;
 * - what `get` and `open` hand out is what `put` was given;
 * - all methods may be called by several servers at once.
 */
const DIGEST = /^[0-9a-f]{64}$/u;

/** SHA-256 in lower-case hexadecimal. */
export type BlobDigest = string;

export type BlobRange = {
  /** First byte, counted from 0. */
  readonly start: number;
  /** Last byte, included (RFC 9110, section 14.1.2). */
  readonly end: number;
};

export type OpenBlob = {
  /** Size of the whole blob, whatever the range. */
  readonly bytes: number;
  readonly stream: ReadableStream<Uint8Array>;
};

export type BlobEntry = {
  readonly digest: BlobDigest;
  /** Time of the last `put` of these bytes. */
  readonly putAt: Date;
};

export type BlobStore = {
  /**
   * Stores bytes. Again is harmless, renews `putAt`, and heals: where the stored ones cannot be read as what their name
   * says, they are replaced at once, while who reads the old ones goes on reading those.
   * @throws Refusal `storage_full` or `storage_unavailable`
   */
  put(bytes: Uint8Array): Promise<BlobDigest>;
  /**
   * Stores a stream.
   * @param bytesMax the stream is given up beyond it
   * @throws Refusal `storage_full` or `storage_unavailable`, or `body_too_large` beyond `bytesMax`
   */
  putStream(source: AsyncIterable<Uint8Array>, bytesMax: number): Promise<BlobDigest>;
  get(digest: BlobDigest): Promise<Uint8Array | undefined>;
  /** Opens a blob, or a range of it that lies inside it, for reading as a stream. */
  open(digest: BlobDigest, range?: BlobRange): Promise<OpenBlob | undefined>;
  has(digest: BlobDigest): Promise<boolean>;
  /** Takes a blob away; one that is not there is no fault. */
  delete(digest: BlobDigest): Promise<void>;
  /** Every blob, in no order. */
  list(): AsyncIterable<BlobEntry>;
  /** Takes away what interrupted puts left behind before `before`. @returns how many */
  removeLeftovers(before: Date): Promise<number>;
};

/** @returns whether `text` can name a blob: nothing else ever becomes part of a path. */
export function isBlobDigest(text: string): text is BlobDigest {
  return DIGEST.test(text);
}
