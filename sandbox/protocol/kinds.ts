/** The kinds of frames, and what their fields mean. `frame.ts` has the layout. */
import type { TriggerKind } from '../../spec/limits.ts';

/** Supervisor to runner. */
export const TO_RUNNER = {
  /** First frame. head: `BootSettings` as JSON; body: the guest bundle, UTF-8. */
  boot: 1,
  /** ref: the new isolate, amount: its lane (isolates of one organization share one). head: `LoadHead` as JSON; body: the files' bytes, one after the other. */
  load: 2,
  /** run, ref: isolate, code: index in `TRIGGERS`, amount: `RUN_FLAGS` added up. head: `guest/run-head.ts`; body: of the request. */
  run: 3,
  /** run, ref: host call, code: 0 for an answer, 1 for an error, amount: 1 where a body is to be pulled. body: JSON, UTF-8. */
  result: 4,
  /** run: to be ended, its isolate goes on. */
  cancel: 5,
  /** ref: the isolate to dispose of. */
  unload: 6,
  /** ref: echoed by `pong`. */
  ping: 7,
  /** ref: isolate, head: configuration and identity as JSON, for the runs that follow. */
  configure: 8,
  /** run, amount: how many more pieces of the answer may be sent. */
  more: 9,
  /** run, ref and code: of `pull` and `PIECE_CODES`; answers `pull`. body: the next piece, or why there is none as JSON. */
  piece: 10,
} as const;

/** What `run` says in its amount. */
export const RUN_FLAGS = {
  /** The frame's body is the body of the request. */
  wholeBody: 1,
  /** The body of the request is to be pulled. */
  bodyInPieces: 2,
  /** The caller takes an answer in pieces. */
  answerInPieces: 4,
} as const;

export const PIECE_CODES = ['piece', 'ended', 'broken'] as const;

/** Runner to supervisor. */
export const FROM_RUNNER = {
  /** Answers `boot`. head: `ReadyHead` as JSON. */
  ready: 64,
  /** ref: isolate; amount: microseconds that loading took. */
  loaded: 65,
  /** ref: isolate, code: index in `OUTCOMES`, amount: microseconds of processor time that it took. head: `FailureHead` as JSON. */
  loadFailed: 66,
  /** run, code: index in `OUTCOMES`, ref: host calls made, amount: microseconds of processor time. head, body: the answer. */
  done: 67,
  /** run, ref: host call. head: name of the capability; body: arguments as JSON, UTF-8. */
  call: 68,
  /** run or 0, ref: isolate, code: index in `LOG_LEVELS`. body: text, UTF-8. */
  log: 69,
  /** ref: of the `ping`; amount: resident KiB, for systems without /proc. */
  pong: 70,
  /** ref: an isolate that the runner disposed of. code: index in `OUTCOMES`, why. */
  gone: 71,
  /** run: it came for an isolate that was gone; no guest code has run for it. */
  notStarted: 72,
  /** run: its answer begins. head: status and headers as JSON. Pieces follow, and `done` without a body. */
  answerHead: 73,
  /** run. body: of the answer, the next piece. */
  answerPiece: 74,
  /** run: its guest is ready for the next piece, ref: of the answer of this host call, or of the request where 0. */
  pull: 75,
  /** run, ref: a host call of which the guest wants no answer any more, or no more of its body. */
  drop: 76,
} as const;

/** What decides about limits; a guest is told of commands and contracts alike, whether they run as a job or not. */
export const TRIGGERS = [
  'endpoint',
  'lifecycle',
  'health',
  'command',
  'contract',
  'event',
  'schedule',
  'job',
] as const satisfies readonly TriggerKind[];
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
