/**
 * Server-sent events of one organization (WHATWG HTML, section 9.2), from the table that all servers share: a
 * notification only wakes, what is sent is read. A stream reads when its client has taken what came before, so one
 * that is slow holds back nothing but itself.
 */
import type { Database } from '../../database/index.ts';
import {
  EVENTS_CHANNEL,
  type Installations,
  type OrganizationEvent,
} from '../../registry/installations/index.ts';
import { HTTP_LIMITS } from '../../spec/limits.ts';
import { Refusal } from '../../spec/refusal.ts';

export type EventStreams = {
  /**
   * @param after id of the last event that the client has; null for what happens from now on
   * @throws Refusal `event_streams_too_many`
   */
  open(orgId: string, after: string | null): Promise<ReadableStream<Uint8Array>>;
  /** Ends every stream; clients come back, to another server while this one stops. */
  close(): void;
};

type Ports = {
  readonly database: Database;
  readonly installations: Pick<Installations, 'readEvents' | 'lastEventId'>;
};
type Wakeup = 'news' | 'heartbeat' | 'over';

/** A comment now and then tells proxies that the stream lives. */
const HEARTBEAT_MS = 15_000;
/** A stream ends and the client comes back, so that who lost access is heard no longer than this. */
const STREAM_MS_MAX = 5 * 60_000;
const ENCODER = new TextEncoder();

export async function openEventStreams({ database, installations }: Ports): Promise<EventStreams> {
  const streams = new Set<Subscriber>();
  const wake = (orgId: string | null): void => {
    for (const stream of streams) if (orgId === null || stream.orgId === orgId) stream.tell();
  };
  const stopListening = await database.notifications.listen(EVENTS_CHANNEL, {
    notified: wake,
    connected: () => wake(null),
  });
  return {
    open: async (orgId, after) => {
      requireRoom(streams, orgId);
      const subscriber = new Subscriber(orgId);
      streams.add(subscriber);
      const leave = (): void => {
        subscriber.end();
        streams.delete(subscriber);
      };
      const start = after ?? (await installations.lastEventId(orgId).catch(rethrowAfter(leave)));
      return streamOf(subscriber, (last) => installations.readEvents(orgId, last), start, leave);
    },
    close: () => {
      stopListening();
      for (const stream of streams) stream.end();
    },
  };
}

function rethrowAfter(leave: () => void): (error: unknown) => never {
  return (error) => {
    leave();
    throw error;
  };
}

function requireRoom(streams: ReadonlySet<Subscriber>, orgId: string): void {
  const ofOrg = [...streams].filter((stream) => stream.orgId === orgId).length;
  const { eventStreamsMax, eventStreamsPerOrganizationMax } = HTTP_LIMITS;
  if (ofOrg < eventStreamsPerOrganizationMax && streams.size < eventStreamsMax) return;
  throw new Refusal('event_streams_too_many', {
    detail: `${ofOrg} streams of this organization are open on this server.`,
  });
}

function streamOf(
  subscriber: Subscriber,
  read: (after: string) => Promise<OrganizationEvent[]>,
  start: string,
  leave: () => void,
): ReadableStream<Uint8Array> {
  let last = start;
  return new ReadableStream<Uint8Array>({
    // The id of the beginning, so that a client that hears nothing before it comes back misses nothing.
    start: (controller) => controller.enqueue(ENCODER.encode(`retry: 1000\nid: ${start}\n\n`)),
    pull: async (controller) => {
      subscriber.catchUp();
      let events = subscriber.isOver ? [] : await read(last);
      let wakeup: Wakeup = subscriber.isOver ? 'over' : 'news';
      while (events.length === 0 && wakeup === 'news') {
        wakeup = await subscriber.wait();
        subscriber.catchUp();
        if (wakeup === 'news') events = await read(last);
      }
      if (wakeup === 'over') {
        leave();
        return controller.close();
      }
      last = events.at(-1)?.id ?? last;
      controller.enqueue(ENCODER.encode(events.length > 0 ? events.map(format).join('') : ':\n\n'));
    },
    cancel: leave,
  });
}

/** JSON has no line break outside of its strings' escapes, so it is one line of data. */
function format({ id, type, at, data }: OrganizationEvent): string {
  return `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify({ ...data, at })}\n\n`;
}

/** Who waits for news of one organization. News that comes while it reads is not lost. */
class Subscriber {
  readonly orgId: string;
  isOver = false;
  #hasNews = false;
  #waiting: ((wakeup: Wakeup) => void) | undefined;
  readonly #endTimer: NodeJS.Timeout;

  constructor(orgId: string) {
    this.orgId = orgId;
    this.#endTimer = setTimeout(() => this.end(), STREAM_MS_MAX).unref();
  }

  tell(): void {
    this.#hasNews = true;
    this.#waiting?.('news');
  }

  /** Whoever reads now has heard of everything so far. */
  catchUp(): void {
    this.#hasNews = false;
  }

  end(): void {
    this.isOver = true;
    clearTimeout(this.#endTimer);
    this.#waiting?.('over');
  }

  async wait(): Promise<Wakeup> {
    if (this.isOver) return 'over';
    if (this.#hasNews) return 'news';
    const { promise, resolve } = Promise.withResolvers<Wakeup>();
    this.#waiting = resolve;
    const timer = setTimeout(() => resolve('heartbeat'), HEARTBEAT_MS).unref();
    const wakeup = await promise;
    clearTimeout(timer);
    this.#waiting = undefined;
    return wakeup;
  }
}
