/** Digests, keys, envelopes, trust: bytes in, verdict out. docs/formats/signing.md specifies the formats. */
export { comparePaths, contentsDigest, type FileDigest, sha256Hex } from './digest.ts';
export { addSignature, type Envelope, formatEnvelope, parseEnvelope, signEnvelope } from './envelope.ts';
export {
  KEY_DOCUMENT_PAYLOAD_TYPE,
  type KeyDocument,
  type KeyRole,
  type ListedKey,
  parseKeyDocument,
  type Revocation,
  type RevocationReason,
  type RoleKeys,
  writeKeyDocument,
} from './key-document.ts';
export {
  formatPrivateKeyFile,
  formatPublicKeyFile,
  parsePrivateKeyFile,
  parsePublicKeyFile,
  PRIVATE_KEY_MARK,
} from './key-file.ts';
export {
  type AcceptedKeyDocument,
  acceptFirstKeyDocument,
  acceptNextKeyDocument,
  type KeyHistory,
  keysValidAt,
  replayKeyHistory,
} from './key-history.ts';
export { KEY_PROOF_PAYLOAD_TYPE, type KeyChallenge, writeKeyProof } from './key-proof.ts';
export { PrivateKey } from './private-key.ts';
export { type KeyId, PublicKey } from './public-key.ts';
export type { KeyStanding, SignerSet } from './signer-set.ts';
export {
  archiveName,
  type PackageIdentity,
  type PackageStatement,
  STATEMENT_PAYLOAD_TYPE,
  writeStatement,
} from './statement.ts';
export {
  parseTrustFile,
  type PinnedKeys,
  type Trust,
  type TrustFile,
  trustIn,
  writePinnedTrustFile,
} from './trust.ts';
export {
  type FilesMatched,
  matchFileList,
  matchIdentity,
  type PackageEvidence,
  readUnverifiedStatement,
  type VerifiedStatement,
  verifyPackageEnvelope,
} from './verdict.ts';
