/** The one way out of the isolate, bound when the context is made from the startup snapshot. */
export type Post = (
  operation: number,
  run: number,
  first?: string | number,
  second?: string | number,
  third?: string,
) => string | number | undefined;

let bound: Post | undefined;

/** @returns whether this call bound it; it is bound once, before any guest code */
export function bindPost(callback: Post): boolean {
  if (bound) return false;
  bound = callback;
  return true;
}

export const post: Post = (operation, run, first, second, third) =>
  bound?.(operation, run, first, second, third);
