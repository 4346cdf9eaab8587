/**
 * Every limit of the product, each with its unit in the name, its reason, and its derivation where one follows from
 * another. `assertLimits` states how they must relate; the server calls it at start.
 */
import { Fault } from './refusal.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** A package as it comes in. Values follow what public registries take (docs/formats/package.md names them). */
export const PACKAGE_LIMITS = {
  /** Largest archive. */
  archiveBytesMax: 50 * MIB,
  /** Most entries, folders included. */
  entriesMax: 5_000,
  /** Largest single file after inflating. */
  fileBytesMax: 64 * MIB,
  /** All files together after inflating. */
  contentBytesMax: 256 * MIB,
  /** A total above this is a bomb if it is also more than `expansionRatioMax` times the archive. */
  expansionBytesFree: 64 * MIB,
  expansionRatioMax: 50,
  nameBytesMax: 512,
  nameSegmentBytesMax: 255,
  nameDepthMax: 32,
  manifestBytesMax: 256 * KIB,
  manifestDepthMax: 32,
  /** JavaScript that the guest can load, all modules together: parsing is bounded by it. */
  codeBytesMax: 4 * MIB,
  modulesMax: 500,
  /** Wall time of reading and inspecting one package, in the worker that does it. */
  readMsMax: 10_000,
  inspectMsMax: 30_000,
} as const;

/** Signature envelopes. */
export const ENVELOPE_LIMITS = {
  envelopeBytesMax: 4 * MIB,
  /** Each signature costs a verification of about 0.1 ms. */
  signaturesMax: 16,
} as const;

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
  /** Somebody waits, and often for several plugins one after the other. */
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
  /** Resident memory of a fresh runner is about 55 MiB; a loaded small plugin adds below 1.5 MiB. */
  residentBytesMax: 512 * MIB,
  /** How much one run may add to the resident memory of its runner. */
  residentGrowthBytesMax: 192 * MIB,
  /** One frame on the channel, either way. */
  frameBytesMax: 4 * MIB,
  /** A runner that has not answered a heartbeat for this long is killed. */
  heartbeatIntervalMs: 1_000,
  heartbeatMissesMax: 5,
  startMsMax: 10_000,
  /** Isolates in one runner: 150 small plugins stay below half of `residentBytesMax`. */
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
  /** Runners for those: each takes about 60 MiB. */
  movedAwayMax: 32,
  /** A run that has lasted for longer is judged by the present grants: a narrowed one counts within a second. */
  grantsKeptMsMax: 1_000,
  /** How long runs in flight may take to end when the server stops. */
  drainMsMax: 5_000,
  /** Runs in flight on one server, in all runners, beyond which calls are shed. */
  runsMax: 1_024,
  /** Runs in flight in one installation and in one organization, so that no one starves the rest. */
  runsPerInstallationMax: 64,
  runsPerOrganizationMax: 128,
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

/** Key-value data of one installation. */
export const KV_LIMITS = {
  keyBytesMax: 512,
  valueBytesMax: 64 * KIB,
  keysMax: 10_000,
  totalBytesMax: 16 * MIB,
  listMax: 1_000,
} as const;

/** Queues of work, which all servers share. */
export const QUEUE_LIMITS = {
  /** How often a server looks for work of which no notification has reached it, and for what had to wait. */
  pollMs: 1_000,
  /** Between two notifications of one server about one queue: those about more than fifty in a second are one. */
  signalPauseMs: 20,
  /** A server that has not said so for this long does not work on its tasks any more. */
  heartbeatSeconds: 15,
  /** How often it says so: two may get lost. */
  touchMs: 4_000,
  /** How often the tasks of dead servers are looked for. */
  superviseSeconds: 5,
  /** Tasks taken at once. */
  batchMax: 32,
  /** Longest pause before a task is tried again. */
  retryDelaySecondsMax: 60,
  /** Above the longest run of any kind (RUN_LIMITS.job), at most the 24 hours that pg-boss takes. */
  taskSecondsMax: 3_600 * 23,
  /** A task that waits this long behind others is given up: ten years. */
  waitingSecondsMax: 10 * 366 * 86_400,
} as const;

/** Work in the background. */
export const JOB_LIMITS = {
  /** Arguments as JSON: as large as what one host call can bring. */
  argumentBytesMax: ISOLATE_LIMITS.callCharsMax,
  /** Jobs of one organization that wait or are at work. */
  openPerOrganizationMax: 1_000,
  /** Jobs that one server works on; most of them wait for something. */
  runsPerServerMax: 16,
  /** Jobs of one organization that all servers together work on. */
  runsPerOrganizationMax: 4,
  /** How often a job that may be begun again is begun. */
  attemptsMax: 3,
  /** A job may wait for a year. */
  delayMsMax: 366 * 86_400_000,
  logLinesMax: BACKGROUND_LIMITS.logLinesMax,
  logPageMax: 1_000,
  progressMessageCharsMax: 500,
  /** Jobs that ended are kept for thirty days; of one organization, the newest. */
  keptMs: 30 * 86_400_000,
  keptPerOrganizationMax: 20_000,
} as const;

/** Events between plugins. */
export const EVENT_LIMITS = {
  /** Data as JSON: an event tells what happened, and names what is large. */
  dataBytesMax: 64 * KIB,
  keyBytesMax: 256,
  /** Events that may lead to each other, one after the other: two that answer each other end here. */
  depthMax: 16,
  /** Deliveries of one organization that may wait: half a minute at the rate that one server keeps up. */
  waitingPerOrganizationMax: 10_000,
  /** Facts of Souk that may wait besides; a large import tells one for each record. Those above are dead letters. */
  factsPerOrganizationMax: 100_000,
  /** Deliveries that one server works on; of one installation, those of all servers. */
  runsPerServerMax: 48,
  runsPerInstallationMax: 16,
  /** Failures after which it is a dead letter, with pauses that double: about two minutes. */
  attemptsDefault: 8,
  /** Times that a lane is put off with nobody to blame, until what is at its head is a dead letter: about an hour. */
  putOffMax: 64,
  /** Longest pause of a lane before its next try. */
  pauseSecondsMax: 60,
  /** A server that has not said so for this long does not work on its lanes any more. */
  holdSeconds: 15,
  /** How often it says so: two may get lost. */
  holdTouchMs: 4_000,
  /** Deliveries of one lane that are handed out at once: with data of 64 KiB those of 48 lanes take 24 MiB. */
  handedOutMax: 8,
  /** Ends of deliveries gather for this long while others run: a tenth of the goal from commit to handler. */
  gatherMs: 3,
  /** Installations that one turn looks at, and fresh deliveries of each: a turn stays below some 10 ms. */
  queuesPerTurnMax: 64,
  scannedPerTurnMax: 64,
  /** Dead letters that are put back at once. */
  replayMax: 1_000,
  deadLettersKeptMs: 30 * 86_400_000,
  /** Of one organization, the newest: as many as may wait. */
  deadLettersPerOrganizationMax: 10_000,
  heardKeptMs: 10 * 60_000,
} as const;

/** Schedules of an organization. */
export const SCHEDULE_LIMITS = {
  /** How often the clock is looked at; cron counts in minutes. */
  lookMs: 1_000,
  /** Later than this, a tick was missed. */
  lateMs: 60_000,
  /** That administrators add. */
  perOrganizationMax: 100,
} as const;

/** Requests that plugins send out (`http.fetch`); what goes out is bounded by ISOLATE_LIMITS.callCharsMax. */
export const EGRESS_LIMITS = {
  /** Longer ones are refused by most servers. */
  urlCharsMax: 8 * KIB,
  /** Scheme, host, port and path, which a grant is compared with: as long as a pattern of a grant may be. */
  placeCharsMax: 2_048,
  /** Fields of a request, and their names and values together; the second bounds those of an answer as well. */
  headersMax: 100,
  headerBytesMax: 16 * KIB,
  /**
   * A body that says that it is so small, or is all there so soon after its head, comes with it in one reply: as JSON a
   * byte has up to six characters. Any other comes in pieces of STREAM_LIMITS.pieceBytesMax, when the guest asks.
   */
  replyBytesMax: 128 * KIB,
  replyWaitMs: 30,
  /** Body of an answer that a guest reads at once, with `text()` and the like: an isolate's heap holds it many times. */
  wholeBytesMax: 2 * MIB,
  /** Body of an answer, counted after decoding, as for the streams of STREAM_LIMITS. */
  responseBytesMax: 64 * MIB,
  redirectsMax: 3,
  /** One query of one name; then two are asked for its addresses, at the same time. */
  resolveMsMax: 1_500,
  /** From the first packet to a connection, TLS included. */
  connectMsMax: 2_000,
  /** From the request sent to the head of its answer. */
  silenceMsMax: 5_000,
  /** Between two pieces of a body that somebody waits for; streams of events commonly send something every 15 s. */
  bodySilenceMsMax: 60_000,
  /** Until the head of the last answer, redirects included; leaves a run on an endpoint time to answer. */
  totalMsMax: 8_000,
  /** Requests in flight at once: of one run, of one installation, and of one server. */
  perRunMax: 6,
  perInstallationMax: 20,
  perServerMax: 256,
  /** Connections are kept for the next request of the same installation, never shared between two. */
  connectionIdleMsMax: 4_000,
  connectionsPerOriginMax: 8,
  /** Installations whose connections are kept. */
  poolsMax: 200,
} as const;

/** Files that are uploaded for runs of plugins. */
export const FILE_LIMITS = {
  /** A million rows of an ordinary table. */
  fileBytesMax: 256 * MIB,
  /** Of one organization, together. */
  orgBytesMax: 1024 * MIB,
  /** With one command. */
  filesPerRunMax: 8,
  nameBytesMax: 255,
  /** One piece in the database, and what a guest gets at once: as JSON a byte has up to six characters. */
  pieceBytesMax: 160 * KIB,
  /** Longer than a job waits and works, and than a person needs to look at what came of it. */
  keptMs: 24 * 3_600_000,
} as const;

/** Secrets that administrators enter for plugins. */
export const SECRET_LIMITS = {
  /** A certificate chain or the key file of a service account fits several times. */
  valueBytesMax: 16 * KIB,
} as const;

/** What is kept of what plugins log, and of how they run. */
export const TELEMETRY_LIMITS = {
  /** Text of one kept line: what a guest logs in one (ISOLATE_LIMITS.logCharsMax), or an error with its stack. */
  textCharsMax: 4 * KIB,
  /** Of one installation, the newest lines that fit into all three: days of an ordinary plugin, minutes of a flood. */
  linesMax: 10_000,
  lineBytesMax: 8 * MIB,
  linesKeptMs: 14 * 86_400_000,
  /** A server looks at how much it keeps after so many more lines of an installation. */
  trimLines: 500,
  /** Lines are written together, this often: soon enough for who watches, rarely enough for the database. */
  linesWrittenMs: 250,
  /**
   * Lines that wait for it on one server, of one installation and of all; what comes beyond is dropped and counted. So
   * one installation writes at most 2,000 lines in a second.
   */
  waitingPerInstallationMax: 500,
  waitingMax: 10_000,
  /** Counts are written this often: each write touches some twenty rows of an installation. */
  countsWrittenMs: 5_000,
  /** Counts are kept by day. */
  countsKeptDays: 30,
} as const;

/** Mail that plugins send through the server of their organization. */
export const MAIL_LIMITS = {
  /** Of one message; lists belong to a service made for them. */
  recipientsMax: 50,
  /** Of one installation. What a plugin that misbehaves can cost the name of the organization's server is bounded by it. */
  recipientsPerDayMax: 2_000,
  /** Of all installations of an organization. */
  orgRecipientsPerDayMax: 10_000,
  /** RFC 5322 section 2.1.1 bounds a line by 998 characters. */
  subjectBytesMax: 998,
  /** Text and HTML together; below what one host call carries. */
  contentBytesMax: 128 * KIB,
  /** From the connection to the last answer; RFC 5321 allows minutes, the run that waits does not have them. */
  deliveryMsMax: 8_000,
  /** One reply of the server. */
  replyBytesMax: 16 * KIB,
} as const;

/** Records of organizations, and proposals of them. */
export const RECORD_LIMITS = {
  /** One transaction; its argument is bounded by ISOLATE_LIMITS.callCharsMax as well. */
  rowsPerProposalMax: 500,
  /** One row as JSON, after and before it was normalized: the longest texts of the core's types fit together. */
  dataCharsMax: 96 * KIB,
  originalCharsMax: 128 * KIB,
  dataDepthMax: 16,
  reasonsPerRowMax: 20,
  reasonCharsMax: 500,
  /** Rows of one file: four times what the largest spreadsheets hold. */
  rowNumberMax: 4_000_000,
  /** Of one organization: some gigabytes of tables and indexes. */
  recordsMax: 2_000_000,
  evidenceRowsMax: 10_000_000,
  /** What a person tells an importer about one file. */
  optionsCharsMax: 16 * KIB,
  /** What a plugin reads at once; a page stays below ISOLATE_LIMITS.answerCharsMax all the same. */
  listMax: 200,
  filtersMax: 5,
  /** Evidence that is shown with one record, newest first. */
  evidenceShownMax: 100,
  candidatesMax: 10,
} as const;

/**
 * What an administrator of the instance may decide for one organization in place of KV_LIMITS and RUNNER_LIMITS. The
 * upper ends are what one machine serves and one table holds beside others.
 */
export const ORGANIZATION_LIMITS = {
  /** Of one installation; 0 lets it store nothing more. */
  kvKeysMax: { min: 0, max: 1_000_000 },
  kvBytesMax: { min: 0, max: 1024 * MIB },
  /** Runs in flight on one server; 0 lets none of its plugins run. */
  runsMax: { min: 0, max: RUNNER_LIMITS.runsMax },
} as const;

/** Requests to the server's own API. */
export const HTTP_LIMITS = {
  jsonBytesMax: 1 * MIB,
  /** The archive, its envelope and the multipart framing around them. */
  uploadBytesMax: PACKAGE_LIMITS.archiveBytesMax + ENVELOPE_LIMITS.envelopeBytesMax + 64 * KIB,
  /** Of one client on one server: above what a fast author or a busy tool needs, below what one machine serves. */
  readsPerMinuteMax: 120_000,
  writesPerMinuteMax: 20_000,
  /** Tokens that were refused, from one address: nobody mistypes that often. */
  wrongTokensPerMinuteMax: 600,
  /** Streams of events on one server: each is a connection and a timer, and reads when something happens. */
  eventStreamsMax: 1_000,
  eventStreamsPerOrganizationMax: 100,
  pageSizeDefault: 50,
  pageSizeMax: 200,
} as const;

/** @throws Fault when two limits contradict each other, which would make one of them unreachable. */
export function assertLimits(): void {
  const relations: [string, boolean][] = [
    ['a file fits into the content', PACKAGE_LIMITS.fileBytesMax <= PACKAGE_LIMITS.contentBytesMax],
    ['code fits into a file limit', PACKAGE_LIMITS.codeBytesMax <= PACKAGE_LIMITS.fileBytesMax],
    ['a body fits into a frame', ENDPOINT_LIMITS.requestBytesMax * 2 < RUNNER_LIMITS.frameBytesMax],
    ['a piece fits into a frame', STREAM_LIMITS.pieceBytesMax * 2 < RUNNER_LIMITS.frameBytesMax],
    ['a body in pieces has more than one', STREAM_LIMITS.pieceBytesMax < ENDPOINT_LIMITS.requestBytesMax],
    [
      'a stream is longer than a whole body',
      ENDPOINT_LIMITS.responseBytesMax < STREAM_LIMITS.responseBytesMax,
    ],
    ['a stream falls silent before it ends', STREAM_LIMITS.silenceMsMax < STREAM_LIMITS.wallTimeMsMax],
    [
      'an ordinary call is shorter than the silence of a stream',
      ENDPOINT_LIMITS.wallTimeMsMax < STREAM_LIMITS.silenceMsMax,
    ],
    ['an answer fits into a frame', ENDPOINT_LIMITS.responseBytesMax * 2 < RUNNER_LIMITS.frameBytesMax],
    [
      'an installation fits into its organization',
      RUNNER_LIMITS.runsPerInstallationMax <= RUNNER_LIMITS.runsPerOrganizationMax,
    ],
    [
      'a fetched body fits into one reply, with its headers',
      (EGRESS_LIMITS.replyBytesMax + EGRESS_LIMITS.headerBytesMax) * 6 < ISOLATE_LIMITS.answerCharsMax,
    ],
    [
      'a fetched body is read whole or in pieces',
      EGRESS_LIMITS.wholeBytesMax < EGRESS_LIMITS.responseBytesMax,
    ],
    ['a piece of a file fits into an answer', FILE_LIMITS.pieceBytesMax * 6 < ISOLATE_LIMITS.answerCharsMax],
    ['a file fits into its organization', FILE_LIMITS.fileBytesMax <= FILE_LIMITS.orgBytesMax],
    ['a request out ends before its run', EGRESS_LIMITS.totalMsMax < ENDPOINT_LIMITS.wallTimeMsMax],
    ['a run fits into its installation', EGRESS_LIMITS.perRunMax <= EGRESS_LIMITS.perInstallationMax],
    [
      'neighbours are spared before a step is ended',
      RUNNER_LIMITS.neighbourWaitMsMax < ENDPOINT_LIMITS.entryMsMax,
    ],
    [
      'pressure lies between a full runner and the ceiling',
      RUNNER_LIMITS.residentBytesMax / 2 < RUNNER_LIMITS.pressureBytesMin &&
        RUNNER_LIMITS.pressureBytesMin < RUNNER_LIMITS.residentBytesMax,
    ],
    ['a logged line is kept whole', ISOLATE_LIMITS.logCharsMax <= TELEMETRY_LIMITS.textCharsMax],
    ['lanes outlive two lost signs', EVENT_LIMITS.holdTouchMs * 3 < EVENT_LIMITS.holdSeconds * 1_000],
    ['a task outlives two lost heartbeats', QUEUE_LIMITS.touchMs * 3 < QUEUE_LIMITS.heartbeatSeconds * 1_000],
    ['growth is below the ceiling', RUNNER_LIMITS.residentGrowthBytesMax < RUNNER_LIMITS.residentBytesMax],
    ...Object.entries(RUN_LIMITS).flatMap(([kind, limits]) => relationsOfRun(kind, limits)),
  ];
  const broken = relations.find(([, holds]) => !holds);
  if (broken) throw new Fault(`limits contradict each other: ${broken[0]}`);
}

function relationsOfRun(
  kind: string,
  limits: (typeof RUN_LIMITS)[keyof typeof RUN_LIMITS],
): [string, boolean][] {
  return [
    [`${kind}: an entry is shorter than the processor budget`, limits.entryMsMax < limits.cpuTimeMsMax],
    [
      `${kind}: the timer of an entry ends before the deadline`,
      limits.entryMsMax * RUNNER_LIMITS.entryWallFactor < limits.wallTimeMsMax,
    ],
    [
      `${kind}: the processor budget is shorter than the deadline`,
      limits.cpuTimeMsMax < limits.wallTimeMsMax,
    ],
  ];
}
