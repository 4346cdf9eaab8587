/** Lines that wait to be written, within bounds: what comes beyond them is counted, and the count is logged. */
import { TELEMETRY_LIMITS } from '../../spec/limits.ts';
import { storableText, type LogOwner, type NewLogLine } from './log-line.ts';

export type WaitingLine = NewLogLine & { readonly at: Date };
/** What waits for one installation. */
export type Backlog = { readonly owner: LogOwner; readonly lines: readonly WaitingLine[] };

export type LogQueue = {
  append(owner: LogOwner, line: NewLogLine): void;
  /** Takes out what waits, by organization. */
  take(): ReadonlyMap<string, readonly Backlog[]>;
  /** Puts back what could not be written, as far as there is room. */
  restore(backlogs: readonly Backlog[]): void;
  readonly isEmpty: boolean;
};

type Waiting = { readonly owner: LogOwner; lines: WaitingLine[]; dropped: number };

export function createLogQueue(now: () => Date = () => new Date()): LogQueue {
  let installations = new Map<string, Waiting>();
  let count = 0;
  const waitingOf = (owner: LogOwner): Waiting => {
    const key = `${owner.orgId} ${owner.installationId}`;
    const known = installations.get(key);
    if (known) return known;
    const fresh: Waiting = { owner, lines: [], dropped: 0 };
    installations.set(key, fresh);
    return fresh;
  };
  const hasRoom = ({ lines }: Waiting): boolean =>
    lines.length < TELEMETRY_LIMITS.waitingPerInstallationMax && count < TELEMETRY_LIMITS.waitingMax;
  return {
    append: (owner, { level, text, requestId }) => {
      const waiting = waitingOf(owner);
      if (!hasRoom(waiting)) {
        waiting.dropped += 1;
        return;
      }
      count += 1;
      waiting.lines.push({ level, text: storableText(text), requestId, at: now() });
    },
    take: () => {
      const taken = installations;
      installations = new Map();
      count = 0;
      const at = now();
      return Map.groupBy(
        [...taken.values()].map((waiting) => backlogOf(waiting, at)),
        ({ owner }) => owner.orgId,
      );
    },
    restore: (backlogs) => {
      for (const { owner, lines } of backlogs) {
        const waiting = waitingOf(owner);
        const room = Math.max(
          0,
          Math.min(
            TELEMETRY_LIMITS.waitingPerInstallationMax - waiting.lines.length,
            TELEMETRY_LIMITS.waitingMax - count,
          ),
        );
        const kept = lines.slice(0, room);
        waiting.lines = [...kept, ...waiting.lines];
        waiting.dropped += lines.length - kept.length;
        count += kept.length;
      }
    },
    get isEmpty() {
      return installations.size === 0;
    },
  };
}

function backlogOf({ owner, lines, dropped }: Waiting, at: Date): Backlog {
  if (dropped === 0) return { owner, lines };
  const text = `${dropped} lines were dropped here: more came than can be kept`;
  return { owner, lines: [...lines, { level: 'warn', text, requestId: null, at }] };
}
