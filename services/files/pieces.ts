/** @returns the same bytes in pieces of `pieceBytes`, but for the last; it holds one piece at a time */
export async function* inPieces(
  content: AsyncIterable<Uint8Array>,
  pieceBytes: number,
): AsyncGenerator<Uint8Array> {
  let held = Buffer.allocUnsafe(pieceBytes);
  let heldBytes = 0;
  for await (const chunk of content) {
    for (let at = 0; at < chunk.byteLength;) {
      const taken = chunk.subarray(at, at + pieceBytes - heldBytes);
      held.set(taken, heldBytes);
      heldBytes += taken.byteLength;
      at += taken.byteLength;
      if (heldBytes < pieceBytes) continue;
      yield held;
      held = Buffer.allocUnsafe(pieceBytes);
      heldBytes = 0;
    }
  }
  if (heldBytes > 0) yield held.subarray(0, heldBytes);
}
