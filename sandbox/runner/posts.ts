/**
 * What the guest asks of the runner, through the one callback.
 *
 * Every argument is checked: guest code that got at the callback has no more than what its own host object gives. A
 * returned string is a refusal, which the guest half throws; a number is an acceptance.
 */
import { randomBytes } from 'node:crypto';

import { ISOLATE_LIMITS, RUNNER_LIMITS, STREAM_LIMITS } from '../../spec/limits.ts';
import { POST } from '../guest/bridge.ts';
import { FRAME_HEADER_BYTES } from '../protocol/frame.ts';
import type { FailureHead } from '../protocol/heads.ts';
import { FROM_RUNNER, LOG_LEVELS } from '../protocol/kinds.ts';
import type { Channel } from './channel.ts';
import type { CryptoJob } from './crypto-queue.ts';
import { domainToAscii } from './domain.ts';
import type { PostHandler } from './guest-isolate.ts';
import { earn, type Answer, type Home, type Run } from './state.ts';

export type PostParts = {
  readonly channel: Channel;
  /** The run on whose behalf the isolate was entered, if any. */
  readonly currentRun: () => Run | undefined;
  readonly fireTimer: (home: Home, timer: number) => void;
  readonly crypto: (job: CryptoJob) => string | number;
  /** Texts that a guest runtime evaluates when it needs them, by name. */
  readonly guestParts: ReadonlyMap<string, string>;
};

const RANDOM_BYTES_MAX = 65_536;
/** Positions in the guest runtime itself say nothing to the author of a plugin. */
const RUNTIME_FRAME = /^\s+at .*souk:guest:/u;
const STACK_CHARS_MAX = 4_000;
const NAME_CHARS_MAX = 100;
const TIMER_MS_MAX = 0x7f_ff_ff_ff;
const TIMERS_MAX = 1_000;

/** @returns the callback of one isolate */
export function createPostHandler(home: Home, parts: PostParts): PostHandler {
  return (operation, runId, first, second, third) => {
    switch (operation) {
      case POST.done:
        return endRun(home.runs.get(Number(runId)), first, second, third);
      case POST.call:
        return callHost(runOf(home, parts, runId), parts, first, second, third);
      case POST.answerHead:
        return beginAnswer(home.runs.get(Number(runId)), parts, first);
      case POST.answerPiece:
        return sendPiece(home.runs.get(Number(runId)), parts, first);
      case POST.pull:
        return pull(home.runs.get(Number(runId)), parts, first);
      case POST.drop:
        return drop(home.runs.get(Number(runId)), parts, first);
      case POST.log:
        return writeLog(home, parts, runId, first, second);
      case POST.setTimer:
        return setTimer(home, parts, first, second);
      case POST.clearTimer:
        return clearTimer(home, first);
      case POST.randomBytes:
        return randomText(first);
      case POST.crypto:
        return callCrypto(home, parts, first, second, third);
      case POST.domainToAscii:
        return typeof first === 'string' ? domainToAscii(first) : '';
      case POST.part:
        return parts.guestParts.get(String(first)) ?? '';
      case POST.adopted:
        return adopt(home, first);
      default:
        return 'unknown operation';
    }
  };
}

/** Run 0 means the one that the isolate was entered for: module-level code has no host object to name it. */
function runOf(home: Home, parts: PostParts, runId: unknown): Run | undefined {
  if (runId !== 0) return home.runs.get(Number(runId));
  const run = parts.currentRun();
  return run?.home === home ? run : undefined;
}

function endRun(run: Run | undefined, outcome: unknown, head: unknown, body: unknown): undefined {
  if (!run || run.answer || typeof head !== 'string') return;
  run.answer = answerOf(run, outcome, head, body);
  run.home.ended.push(run);
}

function answerOf(run: Run, outcome: unknown, head: string, body: unknown): Answer {
  const text = typeof body === 'string' ? body : undefined;
  const bytesMax = run.limits.responseBytesMax;
  if (head.length > bytesMax || (text !== undefined && text.length > bytesMax))
    return { outcome: 'exceededOutput', head: { reason: `the answer has more than ${bytesMax} bytes` } };
  if (outcome === 'ok' && !isHead(head, text)) return { outcome: 'exception', head: { reason: NO_HEAD } };
  if (outcome === 'ok') return { outcome, headText: head, body: text };
  const failed = outcome === 'exceededOutput' ? outcome : 'exception';
  return { outcome: failed, head: readFailure(head) };
}

const NO_HEAD = 'what the handler answered cannot be written as JSON';
/** In UTF-8 a UTF-16 unit has three bytes at most. */
const UTF8_BYTES_MAX = 3;

/**
 * Whether the supervisor can read it: JSON of anything but an object, or a frame that is too long, would look to it as
 * if the runner were no longer ours, and be the end of every isolate here.
 */
function isHead(head: string, body = ''): boolean {
  const bytesMax = FRAME_HEADER_BYTES + 1 + head.length * UTF8_BYTES_MAX + body.length;
  return head.startsWith('{') && bytesMax <= RUNNER_LIMITS.frameBytesMax;
}

/** The guest half's own words, of bounded length; they are shown to administrators, never obeyed. */
function readFailure(head: string): FailureHead {
  const described = readFields(head);
  const message = textOf(described.message).slice(0, ISOLATE_LIMITS.errorCharsMax);
  const stack = textOf(described.stack).slice(0, STACK_CHARS_MAX).split('\n');
  return {
    reason: message,
    message,
    stack: stack.filter((line) => !RUNTIME_FRAME.test(line)).join('\n'),
    ...(typeof described.code === 'string' ? { code: described.code.slice(0, NAME_CHARS_MAX) } : {}),
  };
}

/** A guest may have put a `toJSON` on what every object inherits: then the head is any JSON, or none. */
function readFields(head: string): { message?: unknown; stack?: unknown; code?: unknown } {
  try {
    const value: unknown = JSON.parse(head);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function callHost(
  run: Run | undefined,
  parts: PostParts,
  call: unknown,
  name: unknown,
  text: unknown,
): string | number {
  if (!run || run.answer) return 'host calls can be made only while a run is in flight';
  if (typeof call !== 'number' || typeof name !== 'string' || typeof text !== 'string')
    return 'malformed host call';
  if (name.length > NAME_CHARS_MAX || text.length > ISOLATE_LIMITS.callCharsMax)
    return 'the arguments of the host call are too long';
  if (run.pending.has(call) || run.bodies?.has(call)) return 'a host call of this number is open';
  if (run.hostCalls >= run.limits.hostCallsMax) return `a run may make ${run.limits.hostCallsMax} host calls`;
  if (run.pending.size >= run.limits.hostCallsPendingMax)
    return `a run may wait for ${run.limits.hostCallsPendingMax} host calls at once`;
  run.hostCalls += 1;
  run.pending.add(call);
  parts.channel.send({
    kind: FROM_RUNNER.call,
    run: run.id,
    ref: call,
    head: name,
    body: Buffer.from(text, 'utf8'),
  });
  return run.id;
}

const ENDED = 'the run has ended';

/** @returns how many pieces may follow now */
function beginAnswer(run: Run | undefined, parts: PostParts, head: unknown): string | number {
  if (!run || run.answer) return ENDED;
  if (run.outflow !== 'allowed' || typeof head !== 'string') return 'this answer cannot come in pieces';
  if (!isHead(head)) return NO_HEAD;
  if (head.length > run.limits.responseBytesMax) return 'the headers of the answer are too long';
  run.outflow = { piecesMax: STREAM_LIMITS.piecesAheadMax, bytes: 0 };
  parts.channel.send({ kind: FROM_RUNNER.answerHead, run: run.id, head });
  return run.outflow.piecesMax;
}

/** @returns how many pieces may follow now */
function sendPiece(run: Run | undefined, parts: PostParts, piece: unknown): string | number {
  if (!run || run.answer || typeof run.outflow === 'string') return ENDED;
  if (typeof piece !== 'string' || piece.length === 0 || piece.length > STREAM_LIMITS.pieceBytesMax)
    return 'malformed piece';
  if (run.outflow.piecesMax === 0) return 'the caller has not read so far yet';
  run.outflow.bytes += piece.length;
  if (run.outflow.bytes > STREAM_LIMITS.responseBytesMax) return endTooLong(run);
  run.outflow.piecesMax -= 1;
  earn(run, piece.length);
  parts.channel.send({ kind: FROM_RUNNER.answerPiece, run: run.id, body: Buffer.from(piece, 'latin1') });
  return run.outflow.piecesMax;
}

function endTooLong(run: Run): string {
  const reason = `the answer has more than ${STREAM_LIMITS.responseBytesMax} bytes`;
  run.answer = { outcome: 'exceededOutput', head: { reason } };
  run.home.ended.push(run);
  return reason;
}

const NOT_NOW = 'no piece of this body can be asked for now';

function pull(run: Run | undefined, parts: PostParts, call: unknown): string | number {
  if (!run || run.answer) return ENDED;
  if (call === 0) {
    if (run.inflow !== 'idle') return NOT_NOW;
    run.inflow = 'asked';
  } else {
    if (typeof call !== 'number' || run.bodies?.get(call) !== 'idle') return NOT_NOW;
    run.bodies.set(call, 'asked');
  }
  parts.channel.send({ kind: FROM_RUNNER.pull, run: run.id, ref: call });
  return 1;
}

/** Each call is dropped once at most, so that a guest cannot make frames of nothing. */
function drop(run: Run | undefined, parts: PostParts, call: unknown): undefined {
  if (!run || run.answer || typeof call !== 'number') return;
  const isPending = run.pending.has(call) && !run.dropped?.has(call);
  if (!run.bodies?.delete(call) && !isPending) return;
  if (isPending) (run.dropped ??= new Set()).add(call);
  parts.channel.send({ kind: FROM_RUNNER.drop, run: run.id, ref: call });
}

function writeLog(home: Home, parts: PostParts, runId: unknown, level: unknown, text: unknown): number {
  if (typeof text !== 'string' || typeof level !== 'number' || !LOG_LEVELS[level]) return 0;
  return logLine(parts.channel, home, runOf(home, parts, runId), { level, text });
}

/**
 * Sends one line to the plugin's log, as far as its run or its isolate may still write.
 * @returns 1 while further lines will be taken
 */
export function logLine(
  channel: Channel,
  home: Home,
  run: Run | undefined,
  { level, text }: { readonly level: number; readonly text: string },
): 0 | 1 {
  const lines = run ? ++run.logLines : ++home.strayLogLines;
  const linesMax = run ? run.limits.logLinesMax : ISOLATE_LIMITS.strayLogLinesMax;
  if (lines > linesMax) return 0;
  const full = lines === linesMax ? 'further lines are dropped' : text.slice(0, ISOLATE_LIMITS.logCharsMax);
  const taken = home.logAllowance.take(full.length);
  if (taken === 'dropped') return 0;
  const line = taken === 'taken' ? full : 'more is logged than is kept: lines are dropped for a while';
  channel.send({
    kind: FROM_RUNNER.log,
    run: run?.id ?? 0,
    ref: home.id,
    code: level,
    body: Buffer.from(line, 'utf8'),
  });
  return 1;
}

function setTimer(home: Home, parts: PostParts, timer: unknown, delayMs: unknown): string | number {
  if (typeof timer !== 'number' || typeof delayMs !== 'number') return 'malformed timer';
  if (home.runs.size === 0) return 'timers run only while a run is in flight';
  if (home.timers.size >= TIMERS_MAX) return `a plugin may wait for ${TIMERS_MAX} timers at once`;
  if (home.timers.has(timer)) return 'the timer is set already';
  const delay = Math.min(Math.max(1, Math.trunc(delayMs) || 1), TIMER_MS_MAX);
  const timeout = setTimeout(() => parts.fireTimer(home, timer), delay);
  home.timers.set(timer, { timeout, run: parts.currentRun()?.id ?? 0 });
  return 1;
}

function clearTimer(home: Home, timer: unknown): undefined {
  clearTimeout(home.timers.get(Number(timer))?.timeout);
  home.timers.delete(Number(timer));
}

function randomText(count: unknown): string {
  const isSound =
    typeof count === 'number' && Number.isInteger(count) && count > 0 && count <= RANDOM_BYTES_MAX;
  return isSound ? randomBytes(count).toString('latin1') : '';
}

function callCrypto(
  home: Home,
  parts: PostParts,
  call: unknown,
  operation: unknown,
  json: unknown,
): string | number {
  if (typeof call !== 'number' || typeof operation !== 'string' || typeof json !== 'string')
    return 'malformed';
  const run = runOf(home, parts, 0)?.id ?? 0;
  return parts.crypto({ call, operation, json, run });
}

function adopt(home: Home, fault: unknown): undefined {
  if (home.adopted || home.failure) return;
  if (fault === '') home.adopted = true;
  else home.failure = { outcome: 'exception', head: { reason: String(fault).slice(0, 500) } };
}
