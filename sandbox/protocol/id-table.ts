/**
 * Values by positive number, for what comes and goes with every call.
 *
 * A Map would do but for one thing: when V8 makes a new table for it, the old one keeps what it held and points to the
 * new one. A Map that is added to and deleted from for ever leaves a chain of such tables, and once the first of them is
 * old, the young generation's collector keeps every table after it, and every call, until a full collection.
 */

/** A power of two, so that an index is a mask. */
const SLOTS_MIN = 64;

export class IdTable<Value> {
  // Open addressing with linear probing. Invariants: 0 marks a free slot; no slot between an id's own and where it lies
  // is free; at least half of the slots are free, so every search ends.
  #ids = new Uint32Array(SLOTS_MIN);
  #values: (Value | undefined)[] = freeSlots(SLOTS_MIN);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(id: number): boolean {
    return this.#ids[this.#slotOf(id)] === id && id !== 0;
  }

  get(id: number): Value | undefined {
    const slot = this.#slotOf(id);
    return this.#ids[slot] === id ? this.#values[slot] : undefined;
  }

  /** @param id an integer from 1 to 2^32 - 1 */
  set(id: number, value: Value): void {
    if (this.#size * 2 >= this.#ids.length) this.#grow();
    const slot = this.#slotOf(id);
    if (this.#ids[slot] === 0) this.#size += 1;
    this.#ids[slot] = id;
    this.#values[slot] = value;
  }

  /** @returns whether it was there */
  delete(id: number): boolean {
    const slot = this.#slotOf(id);
    if (this.#ids[slot] !== id || id === 0) return false;
    this.#size -= 1;
    this.#free(slot);
    return true;
  }

  /** Changes while it is iterated over are not seen. */
  values(): Value[] {
    return this.#values.filter((_, slot) => this.#ids[slot] !== 0) as Value[];
  }

  clear(): void {
    this.#ids = new Uint32Array(SLOTS_MIN);
    this.#values = freeSlots(SLOTS_MIN);
    this.#size = 0;
  }

  /** Where the id lies, or would; ids count up, so neighbours rarely collide. */
  #slotOf(id: number): number {
    const ids = this.#ids;
    const mask = ids.length - 1;
    let slot = id & mask;
    while (ids[slot] !== id && ids[slot] !== 0) slot = (slot + 1) & mask;
    return slot;
  }

  /** Knuth, volume 3, section 6.4, algorithm R: what lies behind moves up where its own slot allows. */
  #free(freed: number): void {
    const ids = this.#ids;
    const mask = ids.length - 1;
    let hole = freed;
    for (let slot = (hole + 1) & mask; ids[slot] !== 0; slot = (slot + 1) & mask) {
      const own = (ids[slot] as number) & mask;
      const isReachable = ((slot - own) & mask) < ((slot - hole) & mask);
      if (isReachable) continue;
      ids[hole] = ids[slot] as number;
      this.#values[hole] = this.#values[slot];
      hole = slot;
    }
    ids[hole] = 0;
    this.#values[hole] = undefined;
  }

  #grow(): void {
    const ids = this.#ids;
    const values = this.#values;
    this.#ids = new Uint32Array(ids.length * 2);
    this.#values = freeSlots(ids.length * 2);
    this.#size = 0;
    ids.forEach((id, slot) => {
      if (id !== 0) this.set(id, values[slot] as Value);
    });
  }
}

function freeSlots(count: number): undefined[] {
  return Array.from({ length: count }, () => undefined);
}
