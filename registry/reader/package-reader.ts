/**
 * Reading and inspecting off the event loop: a few worker threads, each with a deadline and a memory limit, so that
 * the worst package costs one worker for a bounded time and the server none.
 */
import { isMarkedAsUntransferable, Worker } from 'node:worker_threads';
import { PACKAGE_LIMITS } from '../../spec/limits.ts';
import { Fault, Refusal } from '../../spec/refusal.ts';
import { FairQueue } from '../../spec/fair-queue.ts';
import type { InspectionContext } from '../inspection/inspect-package.ts';
import type { ReadPackage } from '../package/read-package.ts';
import {
  fromRefusalData,
  type InspectedPackage,
  type ReaderReply,
  type ReaderRequest,
} from './reader-protocol.ts';

export type PackageReaderOptions = {
  /** Packages read at once; each takes one processor core and up to the memory below. */
  readonly workersMax?: number;
  /** Packages waiting for a worker, each with its archive in memory; beyond it `archive_reader_busy`. */
  readonly queueMax?: number;
  /** Of them, those of one owner. */
  readonly queueOfOneMax?: number;
  /** Deadlines of the two stages, in milliseconds. */
  readonly readMsMax?: number;
  readonly inspectMsMax?: number;
  /** JavaScript heap of one worker: a syntax tree takes about 100 bytes per byte of code. Buffers come on top. */
  readonly heapMibMax?: number;
};

const DEFAULTS: Required<PackageReaderOptions> = {
  workersMax: 2,
  queueMax: 64,
  queueOfOneMax: 16,
  readMsMax: PACKAGE_LIMITS.readMsMax,
  inspectMsMax: PACKAGE_LIMITS.inspectMsMax,
  heapMibMax: 768,
};

/** What is stored is read for the server itself. */
const STORED = 'stored';

type Done = Extract<ReaderReply, { kind: 'inspected' | 'onlyRead' }>;

type Job = {
  readonly request: ReaderRequest;
  readonly resolve: (done: Done) => void;
  readonly reject: (error: Refusal | Fault) => void;
};

/** A worker and what it is doing. A worker without a job is idle and does not keep the process alive. */
type Seat = { readonly worker: Worker; job?: Job; deadline?: NodeJS.Timeout; stage: 'read' | 'inspect' };

export class PackageReader {
  readonly #options: Required<PackageReaderOptions>;
  readonly #seats = new Set<Seat>();
  readonly #waiting = new FairQueue<Job>();
  #isClosed = false;

  constructor(options: PackageReaderOptions = {}) {
    this.#options = { ...DEFAULTS, ...options };
  }

  /**
   * Reads and inspects one package.
   * @param archive the whole archive. An archive that owns its buffer is moved, not copied: it is empty afterwards,
   *   and comes back as `archive` of the result. On a refusal it is gone.
   * @param owner who sent it; owners take turns
   * @throws Refusal as `readPackage` and `inspectPackage`; `archive_reader_busy`, `archive_read_timeout`,
   *   `archive_read_memory`, `inspection_timeout`; Fault after `close` or when a worker fails
   */
  async read(archive: Uint8Array, context: InspectionContext, owner: string): Promise<InspectedPackage> {
    const done = await this.#ask(archive, context, owner);
    if (done.kind !== 'inspected') throw new Fault('a package worker did not inspect');
    return done.result;
  }

  /**
   * Only reads a package that was inspected before it was stored.
   * @param archive as for `read`; it is gone afterwards
   * @throws Refusal as `readPackage`, `archive_reader_busy`, `archive_read_timeout`, `archive_read_memory`; Fault
   */
  async readStored(archive: Uint8Array): Promise<ReadPackage> {
    const { read } = (await this.#ask(archive, null, STORED)).result;
    return read;
  }

  /** Starts a worker, so that the first package need not wait for one. */
  warmUp(): void {
    if (!this.#isClosed && this.#seats.size === 0) this.#openSeat().worker.unref();
  }

  async #ask(archive: Uint8Array, context: InspectionContext | null, owner: string): Promise<Done> {
    if (this.#isClosed) throw new Fault('the package reader is closed');
    if (archive.length > PACKAGE_LIMITS.archiveBytesMax)
      throw new Refusal('archive_too_large', { detail: `The archive has ${archive.length} bytes.` });
    const { queueMax, queueOfOneMax } = this.#options;
    if (this.#waiting.count(owner) >= queueOfOneMax)
      throw new Refusal('archive_reader_busy', { detail: `${queueOfOneMax} packages of yours are waiting.` });
    if (this.#waiting.count() >= queueMax)
      throw new Refusal('archive_reader_busy', { detail: `${queueMax} packages are waiting.` });
    const { promise, resolve, reject } = Promise.withResolvers<Done>();
    this.#waiting.add(owner, { request: { archive: ownBytes(archive), context }, resolve, reject });
    this.#assign();
    return promise;
  }

  /** Ends all workers; what is being read or waits fails with a Fault. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (let job = this.#waiting.take(); job !== undefined; job = this.#waiting.take())
      job.reject(new Fault('the package reader was closed'));
    const seats = [...this.#seats];
    for (const seat of seats) this.#end(seat, new Fault('the package reader was closed'));
    await Promise.all(seats.map((seat) => seat.worker.terminate()));
  }

  #assign(): void {
    while (this.#waiting.count() > 0) {
      const seat = this.#idleSeat();
      if (seat === undefined) return;
      const job = this.#waiting.take();
      if (job !== undefined) this.#start(seat, job);
    }
  }

  #idleSeat(): Seat | undefined {
    for (const seat of this.#seats) if (seat.job === undefined) return seat;
    return this.#seats.size < this.#options.workersMax ? this.#openSeat() : undefined;
  }

  #openSeat(): Seat {
    const worker = new Worker(new URL('./reader-worker.ts', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: this.#options.heapMibMax, stackSizeMb: 4 },
      // A reader of strangers' bytes has no use for the secrets of the server.
      env: {},
      execArgv: [],
    });
    const seat: Seat = { worker, stage: 'read' };
    worker.on('message', (reply: ReaderReply) => this.#receive(seat, reply));
    worker.on('error', (error) => this.#fail(seat, error));
    worker.on('exit', () => this.#end(seat, new Fault('a package worker ended')));
    this.#seats.add(seat);
    return seat;
  }

  #start(seat: Seat, job: Job): void {
    seat.job = job;
    seat.worker.ref();
    this.#enterStage(seat, 'read');
    try {
      seat.worker.postMessage(job.request, [job.request.archive.buffer as ArrayBuffer]);
    } catch (error) {
      // The bytes are in use elsewhere or the context is no plain data: the caller's mistake, not the worker's.
      this.#release(seat);
      job.reject(new Fault(`a request cannot be handed to a package worker: ${String(error)}`));
    }
  }

  #enterStage(seat: Seat, stage: Seat['stage']): void {
    clearTimeout(seat.deadline);
    seat.stage = stage;
    const msMax = stage === 'read' ? this.#options.readMsMax : this.#options.inspectMsMax;
    seat.deadline = setTimeout(() => this.#expire(seat, msMax), msMax);
  }

  #receive(seat: Seat, reply: ReaderReply): void {
    const { job } = seat;
    if (job === undefined) return;
    if (reply.kind === 'read') return this.#enterStage(seat, 'inspect');
    this.#release(seat);
    switch (reply.kind) {
      case 'inspected':
      case 'onlyRead':
        return job.resolve(reply);
      case 'refused':
        return job.reject(fromRefusalData(reply.refusal));
      case 'failed':
        return job.reject(new Fault(`a package worker failed: ${reply.message}`));
    }
  }

  /** Frees the seat for the next job. */
  #release(seat: Seat): void {
    clearTimeout(seat.deadline);
    delete seat.job;
    seat.worker.unref();
    this.#assign();
  }

  #expire(seat: Seat, msMax: number): void {
    const code = seat.stage === 'read' ? 'archive_read_timeout' : 'inspection_timeout';
    this.#end(seat, new Refusal(code, { detail: `It was not done within ${msMax} ms.` }));
    void seat.worker.terminate();
  }

  #fail(seat: Seat, error: unknown): void {
    const isMemory = (error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY';
    const reason = isMemory
      ? new Refusal('archive_read_memory', { detail: `It took more than ${this.#options.heapMibMax} MiB.` })
      : new Fault(`a package worker failed: ${String(error)}`);
    this.#end(seat, reason);
  }

  /** Takes the seat away for good; a later job opens a new one. Harmless when called again. */
  #end(seat: Seat, reason: Refusal | Fault): void {
    clearTimeout(seat.deadline);
    this.#seats.delete(seat);
    const { job } = seat;
    delete seat.job;
    job?.reject(reason);
    if (!this.#isClosed) this.#assign();
  }
}

/** @returns the bytes in a buffer of their own, which may be transferred: small Buffers share a pool. */
function ownBytes(bytes: Uint8Array): Uint8Array {
  const { buffer } = bytes;
  const isMovable =
    buffer instanceof ArrayBuffer &&
    bytes.byteLength === buffer.byteLength &&
    !isMarkedAsUntransferable(buffer);
  return isMovable ? new Uint8Array(buffer) : new Uint8Array(bytes);
}
