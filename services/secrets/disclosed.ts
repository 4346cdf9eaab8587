/** Values that this server has opened lately, to be taken out of what plugins log. */
const INSTALLATIONS_MAX = 1_000;
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
      values.set(installationId, known.add(value));
      const [oldest] = values.keys();
      if (values.size > INSTALLATIONS_MAX && oldest !== undefined) values.delete(oldest);
    },
    redact: (installationId, text) => {
      let redacted = text;
      for (const value of values.get(installationId) ?? []) {
        redacted = redacted.replaceAll(value, '[secret]');
      }
      return redacted;
    },
  };
}
