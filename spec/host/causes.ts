/**
 * How many events led to what runs now, one after the other. A run carries its request id into every call that it
 * makes, so what is emitted or begun on its behalf is found by it: a circle of events ends at a depth.
 */
export type Causes = {
  /** @returns ends it */
  begin(requestId: string, depth: number): () => void;
  /** 0 for a run that no event led to. */
  depthOf(requestId: string): number;
};

export function createCauses(): Causes {
  const depths = new Map<string, number>();
  return {
    begin: (requestId, depth) => {
      depths.set(requestId, depth);
      return () => void depths.delete(requestId);
    },
    depthOf: (requestId) => depths.get(requestId) ?? 0,
  };
}
