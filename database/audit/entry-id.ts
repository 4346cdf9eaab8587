/**
 * Ids of audit entries. The sealer chains entries by their ids, so those of one server are in the order of writing.
 *
 * UUIDs of version 7 that were made in one millisecond are in no order by themselves: a later one that is not the
 * greater one becomes the successor of the one before it (RFC 9562, section 6.2, method 2), also where the clock was
 * set back. Entries of two servers are in the order of the servers' clocks.
 */
import { randomUUIDv7 } from 'node:crypto';

/** @param make a UUID of version 7 of the present moment */
export function createEntryIds(make: () => string = randomUUIDv7): () => string {
  let last = '';
  return () => {
    const fresh = make();
    last = fresh > last ? fresh : successorOf(last);
    return last;
  };
}

/** Where the variant and the 62 random bits after it begin: a number that no server counts up to its end. */
const COUNTED_AT = 19;

function successorOf(id: string): string {
  const digits = id.slice(COUNTED_AT).replace('-', '');
  const next = (BigInt(`0x${digits}`) + 1n).toString(16);
  return `${id.slice(0, COUNTED_AT)}${next.slice(0, 4)}-${next.slice(4)}`;
}
