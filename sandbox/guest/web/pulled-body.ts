/** A body that is still with who sends it: that of a request, or of an answer of the outside. */
export type PulledBody = {
  readonly of: 'request' | 'answer';
  /** Largest body that is read whole. */
  readonly wholeBytesMax: number;
  /** @returns the next bytes as a binary string, null after the last; rejects when the body broke off */
  pull(): Promise<string | null>;
  /** Nobody wants more of it. */
  drop(): void;
};
