import type { Logger } from '../log.ts';

/** What has been opened, to be closed in the opposite order, each part though another failed. */
export class Closers {
  readonly #closers: { readonly name: string; readonly close: () => unknown }[] = [];

  /** Remembers how to close `value`. @returns the value */
  add<T>(name: string, value: T, close: (value: T) => unknown): T {
    this.#closers.push({ name, close: () => close(value) });
    return value;
  }

  async closeAll(log: Logger): Promise<void> {
    for (const { name, close } of this.#closers.splice(0).reverse()) {
      try {
        await close();
      } catch (error) {
        log.error({ err: error, part: name }, 'a part did not close');
      }
    }
  }
}
