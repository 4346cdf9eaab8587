/** What a package, and what signs it, may be when it comes in. */
import { KIB, MIB } from './units.ts';

/** A package as it comes in. Values follow what public registries take (docs/formats/package.md names them). */
export const PACKAGE_LIMITS = {
  /** Largest archive. */
  archiveBytesMax: 50 * MIB,
  /** Most entries, folders included. */
  entriesMax: 5_000,
  /** Largest single file after inflating. */
  fileBytesMax: 64 * MIB,
  /** All files together after inflating. */
  contentBytesMax: 256 * MIB,
  /** A total above this is a bomb if it is also more than `expansionRatioMax` times the archive. */
  expansionBytesFree: 64 * MIB,
  expansionRatioMax: 50,
  nameBytesMax: 512,
  nameSegmentBytesMax: 255,
  nameDepthMax: 32,
  /** Fields in the extra field of one header. Writers have up to six; 64 KiB of empty ones take seconds to read. */
  extraFieldsMax: 64,
  manifestBytesMax: 256 * KIB,
  manifestDepthMax: 32,
  /** JavaScript that the guest can load, all modules together: parsing is bounded by it. */
  codeBytesMax: 4 * MIB,
  modulesMax: 500,
  /** Wall time of reading and inspecting one package, in the worker that does it. */
  readMsMax: 10_000,
  inspectMsMax: 30_000,
} as const;

/** Signature envelopes. */
export const ENVELOPE_LIMITS = {
  envelopeBytesMax: 4 * MIB,
  /** Each signature costs a verification of about 0.1 ms. */
  signaturesMax: 16,
} as const;
