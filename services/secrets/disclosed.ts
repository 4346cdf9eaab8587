/** Values that this server has opened lately, to be taken out of what plugins log. */
const INSTALLATIONS_MAX = 1_000;
/** Of one installation: what a manifest declares at most, twice, for those that have been changed since. */
const VALUES_MAX = 100;
/** Shorter ones are found in any text, and would be given away by where the gaps are. */
const CHARS_MIN = 6;

export type Disclosed = {
  remember(installationId: string, value: string): void;
  /** @returns the text with every value of the installation replaced */
  redact(installationId: string, text: string): string;
};

export function createDisclosed(): Disclosed {
  const values = new Map<string, Set<string>>();
  return {
    remember: (installationId, value) => {
      if (value.length < CHARS_MIN) return;
      const known = values.get(installationId) ?? new Set();
      // The map remembers who read last; who has not read for longest makes room.
      values.delete(installationId);
      known.delete(value);
      values.set(installationId, known.add(value));
      dropOldest(known, VALUES_MAX);
      dropOldest(values, INSTALLATIONS_MAX);
    },
    redact: (installationId, text) => {
      let redacted = text;
      for (const value of longestFirst(values.get(installationId))) {
        redacted = redacted.replaceAll(value, '[secret]');
      }
      return redacted;
    },
  };
}

/** One that begins another would leave the rest of the other one standing. */
function longestFirst(values: ReadonlySet<string> = new Set()): string[] {
  return [...values].sort((left, right) => right.length - left.length);
}

/** Of what remembers in which order it was filled. */
function dropOldest(
  kept: { readonly size: number; keys(): Iterator<string>; delete(key: string): boolean },
  max: number,
): void {
  const { value: oldest } = kept.keys().next();
  if (kept.size > max && oldest !== undefined) kept.delete(oldest);
}
