import { takeLocks, type Transaction } from '../../database/index.ts';
import { blobLock } from '../blobs/index.ts';
import { pluginLock } from '../catalogue/plugin-lock.ts';
import { keysLock } from '../keys/key-store.ts';
import type { Verified } from './verification.ts';

declare const locked: unique symbol;

/** A package of which nobody changes the publisher's keys, the plugin or the stored bytes until the transaction ends. */
export type Locked = Verified & { readonly [locked]: true };

/** Every publication takes them in the same order, so that no two wait for each other. */
export async function lockUpload(tx: Transaction, upload: Verified): Promise<Locked> {
  const { publisher, plugin } = upload.identity;
  await takeLocks(tx, [
    keysLock(publisher, 'shared'),
    pluginLock(`${publisher}/${plugin}`),
    blobLock(upload.archiveSha256),
  ]);
  return upload as Locked;
}
