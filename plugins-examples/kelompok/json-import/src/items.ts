/**
 * The items of a file, each as its own text, so that one that is broken does not take the others with it: the elements
 * of one array, or the lines of JSON Lines (jsonlines.org), whichever the first sign says.
 */

export type JsonItem =
  | { readonly kind: 'text'; readonly row: number; readonly text: string }
  | { readonly kind: 'broken'; readonly row: number; readonly text: string; readonly problem: string };

/** A longer item is no record, and what the sandbox has for one import holds several. */
const ITEM_CHARS_MAX = 8 * 1024 * 1024;
const TOO_LONG = `is longer than ${ITEM_CHARS_MAX} characters`;
const SHOWN_CHARS = 1_000;

/** @param problem takes what is wrong with the file as a whole */
export async function* jsonItems(
  text: AsyncIterable<string>,
  problem: (message: string) => void,
): AsyncGenerator<JsonItem> {
  let splitter: Splitter | undefined;
  let head = '';
  for await (const piece of text) {
    if (splitter) {
      yield* splitter.take(piece);
      continue;
    }
    head += piece;
    const first = head.trimStart()[0];
    if (first === undefined) continue;
    splitter = first === '[' ? new Elements(problem) : new Lines();
    yield* splitter.take(head);
  }
  if (splitter) yield* splitter.end();
}

type Splitter = {
  take(piece: string): Generator<JsonItem>;
  end(): Generator<JsonItem>;
};

/** What has been seen of the item that has not ended yet. */
class Growing {
  #parts: string[] = [];
  #chars = 0;

  add(part: string): void {
    this.#chars += part.length;
    if (this.#chars <= ITEM_CHARS_MAX) this.#parts.push(part);
  }

  /** @returns the item, and forgets it; null for a blank one */
  finish(row: number): JsonItem | null {
    const text = this.#parts.join('').trim();
    const isWhole = this.#chars <= ITEM_CHARS_MAX;
    [this.#parts, this.#chars] = [[], 0];
    if (isWhole) return text === '' ? null : { kind: 'text', row, text };
    return { kind: 'broken', row, text: text.slice(0, SHOWN_CHARS), problem: TOO_LONG };
  }
}

class Lines implements Splitter {
  readonly #line = new Growing();
  #row = 0;

  *take(piece: string): Generator<JsonItem> {
    const [first = '', ...rest] = piece.split('\n');
    this.#line.add(first);
    for (const start of rest) {
      yield* this.end();
      this.#line.add(start);
    }
  }

  *end(): Generator<JsonItem> {
    this.#row += 1;
    const item = this.#line.finish(this.#row);
    if (item) yield item;
  }
}

/** Strings end at a line break at the latest, for RFC 8259, section 7, has none in them. */
const SIGNS = /["\\[\]{},\n]/gu;

class Elements implements Splitter {
  readonly #problem: (message: string) => void;
  readonly #element = new Growing();
  #row = 0;
  #depth = -1;
  #place: 'between' | 'string' | 'escape' | 'after' = 'between';

  constructor(problem: (message: string) => void) {
    this.#problem = problem;
  }

  *take(piece: string): Generator<JsonItem> {
    let from = 0;
    if (this.#place === 'escape') {
      this.#place = 'string';
      SIGNS.lastIndex = 1;
    } else SIGNS.lastIndex = 0;
    for (let match = SIGNS.exec(piece); match; match = SIGNS.exec(piece)) {
      const at = match.index;
      const ends = this.#see(match[0], at + 1 === piece.length);
      const next = SIGNS.lastIndex;
      if (ends === 'opened') from = at + 1;
      if (ends === 'element' || ends === 'array') {
        this.#element.add(piece.slice(from, at));
        from = at + 1;
        yield* this.#finish(ends);
      }
      SIGNS.lastIndex = this.#skips(match[0]) ? next + 1 : next;
    }
    this.#element.add(piece.slice(from));
  }

  /** A backslash inside of a string hides the sign after it. */
  #skips(sign: string): boolean {
    return sign === '\\' && this.#place === 'string';
  }

  #see(sign: string, isLast: boolean): 'opened' | 'element' | 'array' | 'inside' {
    if (this.#place === 'after') return 'inside';
    if (this.#place === 'string') {
      if (sign === '"' || sign === '\n') this.#place = 'between';
      else if (sign === '\\' && isLast) this.#place = 'escape';
      return 'inside';
    }
    if (sign === '"') this.#place = 'string';
    if (sign === '{' || sign === '[') {
      this.#depth += 1;
      return this.#depth === 0 ? 'opened' : 'inside';
    }
    if (sign === ',' && this.#depth === 0) return 'element';
    if (sign === ']' && this.#depth === 0) return 'array';
    // A bracket too many belongs to its element, which is not JSON then.
    if ((sign === '}' || sign === ']') && this.#depth > 0) this.#depth -= 1;
    return 'inside';
  }

  *#finish(ends: 'element' | 'array'): Generator<JsonItem> {
    this.#row += 1;
    const item = this.#element.finish(this.#row);
    if (item) yield item;
    else if (ends === 'element') yield { kind: 'broken', row: this.#row, text: '', problem: 'is empty' };
    if (ends === 'array') this.#place = 'after';
  }

  *end(): Generator<JsonItem> {
    const rest = this.#element.finish(this.#row + 1);
    if (this.#place === 'after') {
      if (rest) this.#problem('After the end of the array there is more, which was not read.');
      return;
    }
    this.#problem('The array is not closed: the file has been cut off, or a bracket or quote is missing.');
    if (rest) yield rest;
  }
}
