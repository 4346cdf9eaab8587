/** Digests, keys, envelopes, trust: bytes in, verdict out. docs/formats/signing.md specifies the formats. */
export { comparePaths, contentsDigest, sha256Hex } from './digest.ts';
export { addSignature, type Envelope, formatEnvelope, parseEnvelope, signEnvelope } from './envelope.ts';
export {
  KEY_DOCUMENT_PAYLOAD_TYPE,
  KEY_ROLES,
  type KeyDocument,
  REVOCATION_REASONS,
  type Revocation,
  parseKeyDocument,
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
  replayKeyHistory,
} from './key-history.ts';
export { KEY_PROOF_PAYLOAD_TYPE, type KeyChallenge, writeKeyProof } from './key-proof.ts';
export { PrivateKey } from './private-key.ts';
export { isKeyId, type KeyId, PublicKey } from './public-key.ts';
export {
  archiveName,
  type PackageIdentity,
  type PackageStatement,
  STATEMENT_PAYLOAD_TYPE,
  writeStatement,
} from './statement.ts';
export { parseTrustFile, trustIn, writePinnedTrustFile } from './trust.ts';
export {
  matchFileList,
  matchIdentity,
  type PackageEvidence,
  readUnverifiedStatement,
  type VerifiedStatement,
  verifyPackageEnvelope,
} from './verdict.ts';
