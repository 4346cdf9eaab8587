/**
 * Holds lanes while there is room and runs them. A turn at the database writes down what came of deliveries and takes
 * what comes next; while one is under way the ends of others gather, so that under load one turn serves many.
 *
 * A server that dies lets go of its lanes after `holdSeconds`; what it had run and not written down runs again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { EVENT_LIMITS, QUEUE_LIMITS } from '../../spec/limits.ts';
import { runLane, type LaneRunPorts } from './lane-run.ts';
import type { Failure, Lane, LaneEnd, Lanes } from './lanes.ts';

export type DeliveryLoop = {
  /** Looks for lanes now. */
  wake(): void;
  /** Takes no more, lets what runs come to its end for as long as the grace lasts, and writes everything down. */
  close(graceMs: number): Promise<void>;
};

const RETRY_MS = 500;

export function startDeliveryLoop(ports: LaneRunPorts, lanes: Lanes): DeliveryLoop {
  const loop = new Loop(ports, lanes);
  const heartbeat = setInterval(() => void loop.hold(), EVENT_LIMITS.holdTouchMs).unref();
  const looping = loop.loop();
  return {
    wake: () => loop.wake(),
    close: async (graceMs) => {
      const grace = setTimeout(() => loop.abort(), graceMs).unref();
      loop.stop();
      await looping;
      clearTimeout(grace);
      clearInterval(heartbeat);
    },
  };
}

class Loop {
  readonly #ports: LaneRunPorts;
  readonly #lanes: Lanes;
  /** Those that run, and those whose end has yet to be written down. */
  readonly #held = new Set<string>();
  /** One for each run: what listens to a signal goes with it. */
  readonly #cutOffs = new Set<AbortController>();
  readonly #stopping = new AbortController();
  #delivered: string[] = [];
  #failed: Failure[] = [];
  #ended: LaneEnd[] = [];
  #isAwake = true;
  #isLost = false;
  #isAborting = false;
  #rouse: (() => void) | undefined;

  constructor(ports: LaneRunPorts, lanes: Lanes) {
    this.#ports = ports;
    this.#lanes = lanes;
  }

  wake(): void {
    this.#isAwake = true;
    this.#rouse?.();
  }

  stop(): void {
    this.#stopping.abort();
    this.wake();
  }

  abort(): void {
    this.#isAborting = true;
    for (const cutOff of this.#cutOffs) cutOff.abort();
    this.wake();
  }

  async hold(): Promise<void> {
    // Without a database nobody else can take them either.
    const freed = await this.#lanes.hold([...this.#held]).catch(() => 0);
    if (freed > 0) this.wake();
  }

  async loop(): Promise<void> {
    while (!this.#isOver()) {
      if (!this.#isAwake) await this.#rest();
      // What ends within a moment is written down with it.
      if (this.#held.size > 0) await sleep(EVENT_LIMITS.gatherMs);
      this.#isAwake = false;
      if (this.#isOver()) break;
      await this.#turn();
    }
  }

  #isOver(): boolean {
    if (!this.#stopping.signal.aborted) return false;
    const isWritten = this.#held.size === 0 && this.#delivered.length === 0 && this.#failed.length === 0;
    // A server that has to stop does not wait for a database that is away: it is delivered again.
    return isWritten || (this.#isAborting && this.#isLost);
  }

  async #turn(): Promise<void> {
    const ends = { delivered: this.#delivered, failed: this.#failed, lanes: this.#ended };
    [this.#delivered, this.#failed, this.#ended] = [[], [], []];
    try {
      const { lanes, more } = await this.#lanes.turn(ends, this.#room(ends.lanes.length));
      this.#isLost = false;
      for (const { lane } of ends.lanes) this.#held.delete(lane);
      for (const lane of lanes) this.#begin(lane);
      if (more === 'yes') this.#isAwake = true;
    } catch (error) {
      await this.#keep(ends, error);
    }
  }

  #room(ended: number): number {
    return this.#stopping.signal.aborted ? 0 : EVENT_LIMITS.runsPerServerMax - this.#held.size + ended;
  }

  async #keep(
    ends: { delivered: string[]; failed: Failure[]; lanes: LaneEnd[] },
    error: unknown,
  ): Promise<void> {
    this.#delivered.unshift(...ends.delivered);
    this.#failed.unshift(...ends.failed);
    this.#ended.unshift(...ends.lanes);
    if (!this.#isLost)
      this.#ports.log.warn({ err: error }, 'events cannot be delivered or recorded right now');
    this.#isLost = true;
    this.#isAwake = true;
    await sleep(RETRY_MS);
  }

  /** The database was away for longer than a hold lasts: a lane may come back to who never stopped working on it. */
  #begin(lane: Lane): void {
    if (this.#held.has(lane.name)) return;
    this.#held.add(lane.name);
    void this.#run(lane).catch((error: unknown) => {
      this.#ports.log.warn({ err: error, lane: lane.name }, 'a lane of events could not be delivered');
      this.#end({ lane: lane.name, put_off: lane.putOff, pause_seconds: EVENT_LIMITS.pauseSecondsMax });
    });
  }

  #end(end: LaneEnd): void {
    this.#ended.push(end);
    this.wake();
  }

  async #run(lane: Lane): Promise<void> {
    const report = {
      delivered: (id: string) => void this.#delivered.push(id),
      failed: (failure: Failure) => void this.#failed.push(failure),
    };
    const cutOff = new AbortController();
    this.#cutOffs.add(cutOff);
    const endings = { stopping: this.#stopping.signal, aborting: cutOff.signal };
    const end = await runLane(this.#ports, lane, report, endings);
    this.#cutOffs.delete(cutOff);
    this.#end(end);
  }

  async #rest(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    // What no notification has told of, and what had to wait.
    const poll = setTimeout(resolve, QUEUE_LIMITS.pollMs).unref();
    this.#rouse = resolve;
    await promise;
    clearTimeout(poll);
    this.#rouse = undefined;
  }
}
