/**
 * Whose the memory of a runner is. The system tells one number for the whole process, so what it grows by from one look
 * to the next is put down to the isolate that is at work then, and so is what it shrinks by.
 */
export class MemoryShares {
  readonly #bytes = new Map<number, number>();
  #seenBytes: number | undefined;

  /**
   * @param isolate that is at work, 0 for none
   * @returns what was put down to it
   */
  note(residentBytes: number, isolate: number): number {
    const grownBytes = residentBytes - (this.#seenBytes ?? residentBytes);
    this.#seenBytes = residentBytes;
    if (isolate === 0 || grownBytes === 0) return 0;
    this.#bytes.set(isolate, Math.max(0, (this.#bytes.get(isolate) ?? 0) + grownBytes));
    return grownBytes;
  }

  forget(isolate: number): void {
    this.#bytes.delete(isolate);
  }

  /** @returns the isolate to which most was put down */
  largest(): { readonly isolate: number; readonly bytes: number } {
    let largest = { isolate: 0, bytes: 0 };
    for (const [isolate, bytes] of this.#bytes) if (bytes > largest.bytes) largest = { isolate, bytes };
    return largest;
  }
}
