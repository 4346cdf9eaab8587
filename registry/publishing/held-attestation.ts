import type { Transaction } from '../../database/index.ts';
import { newestKeyVersion } from '../keys/key-store.ts';
import { judgeEnvelope } from './attestation.ts';
import type { Locked } from './locking.ts';

/**
 * Keeps the verdict true until the transaction ends: no key document comes in between any more, and if one has come
 * since the verdict, the verdict is made anew.
 * @returns the upload with the verdict, and the time, that hold
 * @throws Refusal as `attestUpload`
 */
export async function holdAttestation(tx: Transaction, upload: Locked): Promise<Locked> {
  const { attestation } = upload;
  if (attestation.kind === 'unsigned') return upload;
  const { publisher } = attestation.statement;
  if ((await newestKeyVersion(tx, publisher)) === attestation.keyVersion) return upload;
  const { at, ...verdict } = await judgeEnvelope(tx, upload, attestation.envelope, publisher);
  return { ...upload, at, attestation: { ...attestation, ...verdict } };
}
