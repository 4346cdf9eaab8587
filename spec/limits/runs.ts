/** What guest code may use: a run, an isolate, a runner process. */
import { KIB, MIB } from './units.ts';

/** One run of guest code, by what triggered it. A deadline covers queueing, guest code, host calls and waiting. */
export type RunLimits = {
  /** From acceptance to answer. */
  readonly wallTimeMsMax: number;
  /** Processor time of the guest in this run. */
  readonly cpuTimeMsMax: number;
  /** Processor time of one entry into the isolate without returning to the runner; what bounds a neighbour's wait. */
  readonly entryMsMax: number;
  readonly hostCallsMax: number;
  readonly hostCallsPendingMax: number;
  /** Largest body that goes to the guest. */
  readonly requestBytesMax: number;
  /** Largest body that the guest answers. */
  readonly responseBytesMax: number;
  readonly logLinesMax: number;
};

const ENDPOINT_LIMITS: RunLimits = {
  wallTimeMsMax: 10_000,
  cpuTimeMsMax: 1_000,
  entryMsMax: 250,
  hostCallsMax: 100,
  hostCallsPendingMax: 10,
  requestBytesMax: 1 * MIB,
  responseBytesMax: 1 * MIB,
  logLinesMax: 100,
};

/**
 * In the background, nobody waits: minutes, for a file of some 100,000 rows, of which one host call takes 500 and
 * another brings 256 KiB. One entry is as short as everywhere, since neighbours do wait.
 */
const BACKGROUND_LIMITS: RunLimits = {
  ...ENDPOINT_LIMITS,
  wallTimeMsMax: 10 * 60_000,
  cpuTimeMsMax: 60_000,
  hostCallsMax: 20_000,
  logLinesMax: 1_000,
};

export const RUN_LIMITS = {
  endpoint: ENDPOINT_LIMITS,
  /** activate, deactivate, upgrade: rare, may set up data. */
  lifecycle: { ...ENDPOINT_LIMITS, wallTimeMsMax: 30_000, cpuTimeMsMax: 3_000, hostCallsMax: 1_000 },
  /** A health test is asked for by a person who waits. */
  health: { ...ENDPOINT_LIMITS, wallTimeMsMax: 5_000 },
  /** A command that a person waits for: below what proxies in front of a server commonly wait. */
  command: { ...ENDPOINT_LIMITS, wallTimeMsMax: 30_000, cpuTimeMsMax: 3_000, hostCallsMax: 1_000 },
  /** Somebody waits, and often for several plugins one after the other, whose runs share one such time. */
  contract: ENDPOINT_LIMITS,
  /** Nobody waits, but the events of the same key do. */
  event: { ...ENDPOINT_LIMITS, wallTimeMsMax: 30_000, cpuTimeMsMax: 3_000, hostCallsMax: 1_000 },
  schedule: BACKGROUND_LIMITS,
  /** Commands and contracts that run as a job. */
  job: BACKGROUND_LIMITS,
} as const satisfies Record<string, RunLimits>;

export type TriggerKind = keyof typeof RUN_LIMITS;

/** One isolate: the state of one installation. */
export const ISOLATE_LIMITS = {
  /** V8's own heap limit: a hint to the engine, not a wall (it hands out more before it gives up). */
  heapMibMax: 64,
  /** Evaluating the package's modules at first call. */
  loadMsMax: 500,
  /** Unused for this long, an isolate is disposed of. */
  idleMsMax: 10 * 60_000,
  /** Longest message text of an error that leaves the isolate. */
  errorCharsMax: 500,
  /** Longest line of a plugin's log. */
  logCharsMax: 2_048,
  /**
   * What an isolate may log at once, and each second beyond that: two MiB a minute, far more than anybody reads. Beyond
   * it lines are dropped; each costs the server an edit, a row, and the attention that its neighbours' calls need.
   */
  logCharsAtOnceMax: 512 * KIB,
  logCharsPerSecond: 32 * KIB,
  /** Lines that an isolate may log outside of runs: while it loads, above all. */
  strayLogLinesMax: 100,
  /** Arguments of one host call, in characters of JSON, and its answer: one large kv value fits many times. */
  callCharsMax: 256 * KIB,
  answerCharsMax: 1 * MIB,
} as const;

/** One runner process: what the watchdog enforces, with SIGKILL. */
export const RUNNER_LIMITS = {
  /** How often the watchdog looks while runs are in flight. Measured overshoot at 10 ms: below 20 MiB. */
  watchdogIntervalMs: 10,
  /**
   * The engine's timer knows the clock only: it ends an entry after this many times its limit, so that half a processor
   * is enough for what a whole one would do in time.
   */
  entryWallFactor: 2,
  /** Who had less than this share of its limit when it was ended was starved by others, and is not blamed. */
  blamedShareMin: 0.1,
  /** An entry that has not returned after the engine's timer and this grace is stuck in native code. */
  entryGraceMs: 150,
  /** Resident memory of a fresh runner is about 60 MiB; a loaded small plugin adds 1.65 MiB. */
  residentBytesMax: 512 * MIB,
  /** How much one run may add to the resident memory of its runner. */
  residentGrowthBytesMax: 192 * MIB,
  /** One frame on the channel, either way. */
  frameBytesMax: 4 * MIB,
  /**
   * What waits in the server for a runner to read it: 128 of the largest answers to host calls. A runner reads between
   * two steps of its guests.
   */
  unreadBytesMax: 128 * MIB,
  /**
   * Frames about isolates that are gone, each counted as one and one more for each KiB: many times what crosses when
   * plugins are unloaded, and less than a hundredth of the server's time.
   */
  uselessAtOnceMax: 64 * KIB,
  uselessPerSecondMax: 4 * KIB,
  /** What a runner writes before it dies: V8's account of a full heap takes some KiB. */
  lastWordsBytesMax: 1 * MIB,
  /** A runner that has not answered a heartbeat for this long is killed. */
  heartbeatIntervalMs: 1_000,
  heartbeatMissesMax: 5,
  startMsMax: 10_000,
  /** Isolates in one runner, where half of `residentBytesMax` does not end before: at about 120 small plugins. */
  isolatesMax: 150,
  /**
   * Above this a runner gives up isolates that nobody has used for a while, some with each heartbeat: it has stopped
   * taking in new ones at half of `residentBytesMax`, and the rest is for runs.
   */
  pressureBytesMin: 320 * MIB,
  pressureIdleMsMin: 5_000,
  pressureEvictionsMax: 10,
  /** A replacement for a spare runner starts this long after the spare was taken, so as not to slow what took it. */
  spareDelayMs: 50,
  /** A runner without isolates ends after this long. */
  emptyMsMax: 60_000,
  /** An installation that may have killed its runner stays alone for this long. */
  aloneMs: 10 * 60_000,
  /**
   * A step that has the processor for longer keeps its neighbours in the runner waiting: its installation goes on in a
   * runner of its own. Ordinary steps take below a millisecond, loading a large bundle some tens.
   */
  neighbourWaitMsMax: 100,
  /**
   * Many short steps keep them waiting as well: the same becomes of an installation whose guest code takes more than
   * this of a window. Ten thousand ordinary calls in a second take a fifth of that.
   */
  neighbourWindowMs: 1_000,
  neighbourWindowCpuMsMax: 500,
  /** Runners for those: each takes about 60 MiB. */
  movedAwayMax: 32,
  /**
   * Runners that hold plugins: half of the memory of the machine, at what one takes with a few small plugins, within
   * these bounds. For another one, the one that nobody has used for longest ends, if not just now.
   */
  runnerBytesUsual: 64 * MIB,
  runnersMin: 16,
  runnersMax: 256,
  unusedMsMin: 1_000,
  /** A run that has lasted for longer is judged by the present grants: a narrowed one counts within a second. */
  grantsKeptMsMax: 1_000,
  /** How long runs in flight may take to end when the server stops. */
  drainMsMax: 5_000,
  /** Runs in flight on one server, in all runners, beyond which calls are shed. */
  runsMax: 1_024,
  /** Runs in flight in one installation and in one organization, so that no one starves the rest. */
  runsPerInstallationMax: 64,
  runsPerOrganizationMax: 128,
  /**
   * Bodies of calls that are held while they come in, on one server, and of one installation: as many of the largest as
   * it may have runs. Small ones are not counted: the connections that bring them cost as much.
   */
  bodiesBytesMax: 256 * MIB,
  bodiesOfOneBytesMax: 64 * MIB,
  bodyCountedBytesMin: 16 * KIB,
} as const;

/**
 * Runs of the lifecycle and health tests: few at a time, since one step of an installation waits for the other. They
 * have room of their own, for the plugin that is in the way is the one to be upgraded, tested or stopped.
 */
export const UPKEEP_LIMITS = {
  runsPerInstallationMax: 8,
  runsPerOrganizationMax: 32,
  runsMax: 256,
} as const;

/**
 * Bodies that cross in pieces, of runs on endpoints: requests that are larger than a piece, and answers whose body is a
 * stream. Such a run counts against shares of its own, so that a few slow uploads or open event streams do not take the
 * places of ordinary calls.
 */
export const STREAM_LIMITS = {
  /** One piece: what a socket hands over at once. A request body up to here goes whole, in the frame of its run. */
  pieceBytesMax: 64 * KIB,
  /** Pieces that a guest may be ahead of its caller: one is written while the next is on its way. */
  piecesAheadMax: 2,
  /** All pieces of one request, and of one answer. */
  requestBytesMax: 64 * MIB,
  responseBytesMax: 64 * MIB,
  /** From acceptance to the last piece. */
  wallTimeMsMax: 5 * 60_000,
  /** Without a piece either way for this long the run ends; streams of events commonly send something every 15 s. */
  silenceMsMax: 60_000,
  /**
   * What a run may use for each MiB that crossed, beyond its own budget: turning bytes into what crosses the bridge and
   * back takes about 25 ms without a compiler, and the guest does something with them.
   */
  cpuMsPerMebibyte: 100,
  /** Runs with bodies in pieces: each holds a few pieces and a connection. */
  runsPerInstallationMax: 64,
  runsPerOrganizationMax: 128,
  runsMax: 512,
} as const;

/** Kills within the window after which an installation is taken out of service, alone. */
export const STRIKE_LIMITS = {
  killsMax: 3,
  windowMs: 60_000,
  breakerMsMin: 30_000,
  breakerMsMax: 600_000,
} as const;
