/**
 * Room for request bodies that are held in memory from their first byte: so many bytes of all together on one server,
 * and a share of that for each who causes them. What has no room is refused before a byte of it is read.
 */
import { HTTP_LIMITS } from '../../spec/limits.ts';
import { Refusal } from '../../spec/refusal.ts';
import { hasNoBody, mediaType } from './body.ts';

export type RoomSize = {
  readonly allBytesMax: number;
  /** Of one owner. */
  readonly ownBytesMax: number;
};

export type BodyRoom = {
  /** @returns a function that gives the room back, to be called once; or who has filled it */
  take(owner: string, bytes: number): (() => void) | 'own' | 'all';
};

export function createBodyRoom({ allBytesMax, ownBytesMax }: RoomSize): BodyRoom {
  const heldBytes = new Map<string, number>();
  let allHeldBytes = 0;
  const hold = (owner: string, bytes: number): void => {
    allHeldBytes += bytes;
    const held = (heldBytes.get(owner) ?? 0) + bytes;
    if (held > 0) heldBytes.set(owner, held);
    else heldBytes.delete(owner);
  };
  return {
    take(owner, bytes) {
      if ((heldBytes.get(owner) ?? 0) + bytes > ownBytesMax) return 'own';
      if (allHeldBytes + bytes > allBytesMax) return 'all';
      hold(owner, bytes);
      return () => hold(owner, -bytes);
    },
  };
}

/** How much of a body is held: packages and JSON whole; files go on as they come. */
export function heldBytesOf(body: unknown, request: Request): number {
  if (body === 'upload') return bytesToHold(statedLength(request), HTTP_LIMITS.uploadBytesMax);
  if (mediaType(request) !== 'application/json' || hasNoBody(request)) return 0;
  return bytesToHold(statedLength(request), HTTP_LIMITS.jsonBytesMax);
}

/**
 * A stated length is believed: the HTTP parser ends the body there (RFC 9112, section 6.3). What does not say how long it
 * is may be as long as any; what is longer is refused without being held.
 */
export function bytesToHold(stated: string | null, bytesMax: number): number {
  return stated === null ? bytesMax : Math.min(Number(stated), bytesMax);
}

const statedLength = ({ headers }: Request): string | null => headers.get('content-length');

/** @throws Refusal `uploads_too_many` */
export function requireRoom(room: BodyRoom, owner: string, bytes: number): () => void {
  const taken = room.take(owner, bytes);
  if (taken === 'own') throw noRoom('Requests of this client hold as much as they may already.');
  if (taken === 'all') throw noRoom('This server holds as much as it may.');
  return taken;
}

function noRoom(detail: string): Refusal {
  return new Refusal('uploads_too_many', { detail });
}
