/**
 * Room for uploads, which are held in memory from their first byte until they are published or refused: so many bytes
 * of them on one server, and of one user a share of that. What has no room is refused before a byte of it is read.
 */
import { HTTP_LIMITS } from '../../spec/limits.ts';
import { Refusal } from '../../spec/refusal.ts';

export type UploadRoom = {
  /**
   * @param user who uploads
   * @param request whose Content-Length is believed: the HTTP parser ends the body there (RFC 9112, section 6.3)
   * @returns a function that gives the room back, to be called once
   * @throws Refusal `uploads_too_many`
   */
  take(user: string, request: Request): () => void;
};

export function createUploadRoom(): UploadRoom {
  const heldBytes = new Map<string, number>();
  const heldOf = (user: string): number => heldBytes.get(user) ?? 0;
  let allHeldBytes = 0;
  const hold = (user: string, bytes: number): void => {
    allHeldBytes += bytes;
    const held = heldOf(user) + bytes;
    if (held > 0) heldBytes.set(user, held);
    else heldBytes.delete(user);
  };
  return {
    take(user, request) {
      const bytes = bytesOf(request);
      if (heldOf(user) + bytes > HTTP_LIMITS.uploadsOfOneBytesMax)
        throw noRoom(`Uploads of this user have ${heldOf(user)} bytes already.`);
      if (allHeldBytes + bytes > HTTP_LIMITS.uploadsBytesMax)
        throw noRoom('This server holds as many uploads as it may.');
      hold(user, bytes);
      return () => hold(user, -bytes);
    },
  };
}

/** What does not say how long it is may be as long as any; what is longer is refused without being held. */
function bytesOf({ headers }: Request): number {
  const stated = headers.get('content-length');
  return stated === null ? HTTP_LIMITS.uploadBytesMax : Math.min(Number(stated), HTTP_LIMITS.uploadBytesMax);
}

function noRoom(detail: string): Refusal {
  return new Refusal('uploads_too_many', { detail });
}
