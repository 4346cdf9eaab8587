/**
 * The newest lines that plugins of each installation logged on this server, for administrators. Bounded, in memory:
 * what must be kept for longer goes to the server's own log, where every line is written as well.
 */
import type { Guest } from '../../sandbox/index.ts';

export type GuestLogLine = {
  readonly at: Date;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly text: string;
  readonly requestId: string | null;
};

export type GuestLog = {
  append(guest: Guest, line: Omit<GuestLogLine, 'at'>): void;
  /** Oldest first. */
  read(installationId: string): readonly GuestLogLine[];
};

const LINES_PER_INSTALLATION = 200;
const INSTALLATIONS_MAX = 1_000;

export function createGuestLog(): GuestLog {
  const lines = new Map<string, GuestLogLine[]>();
  return {
    append: (guest, line) => {
      const kept = lines.get(guest.installationId) ?? [];
      // The map remembers who wrote last; who has been silent for longest makes room.
      lines.delete(guest.installationId);
      lines.set(guest.installationId, kept);
      kept.push({ ...line, at: new Date() });
      if (kept.length > LINES_PER_INSTALLATION) kept.shift();
      const [silent] = lines.keys();
      if (lines.size > INSTALLATIONS_MAX && silent !== undefined) lines.delete(silent);
    },
    read: (installationId) => lines.get(installationId) ?? [],
  };
}
