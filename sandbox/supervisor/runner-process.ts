/** One runner as the supervisor holds it: the process, its channel and its mark. It knows frames, not plugins. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { RUNNER_LIMITS } from '../../spec/limits.ts';
import { Fault } from '../../spec/refusal.ts';
import { createFrameReader, type Frame, type FrameParts } from '../protocol/frame.ts';
import { createFrameWriter } from '../protocol/frame-writer.ts';
import { decodeMark, MARK_BYTES, type Mark } from '../protocol/mark.ts';
import type { Launch } from './launch.ts';

export type RunnerEvents = {
  frame(frame: Frame): void;
  /** Called once, after the process is gone. `killReason` is ours, where we killed it. */
  ended(end: {
    readonly signal: string | null;
    readonly code: number | null;
    readonly lastWords: string;
  }): void;
  /** It does not behave as ours would; nothing is read of it any more. */
  malformed(reason: string): void;
};

export type RunnerProcess = {
  /** The process that must be watched; 0 once it is gone. */
  readonly pid: number;
  send(parts: FrameParts): void;
  /** Kills the whole process group, at once. */
  kill(): void;
  /** Where the runner is, or was last. */
  mark(): Mark | undefined;
};

const LAST_WORDS_CHARS_MAX = 4_096;

/**
 * Starts a runner.
 *
 * @throws what the system says where it has no descriptor or no room left for one
 */
export function startRunnerProcess(launch: Launch, events: RunnerEvents): RunnerProcess {
  const markDescriptor = openMark();
  const { child, channel } = spawnRunner(launch, markDescriptor);
  const giveUp = (reason: string): void => {
    channel.destroy();
    child.stderr?.destroy();
    events.malformed(reason);
  };
  const lastWords = collectLastWords(child, giveUp);
  readFrames(channel, events.frame, giveUp);
  const writer = createFrameWriter(channel);
  const send = (parts: FrameParts): void => {
    writer.send(parts);
    if (channel.writableLength > RUNNER_LIMITS.unreadBytesMax) giveUp('it does not read what it is sent');
  };
  let isGone = false;
  let lastMark: Mark | undefined;
  const readMark = (): Mark | undefined => {
    if (isGone) return lastMark;
    const bytes = Buffer.alloc(MARK_BYTES);
    return decodeMark(bytes.subarray(0, readSync(markDescriptor, bytes, 0, MARK_BYTES, 0)));
  };
  const end = (code: number | null, signal: string | null): void => {
    if (isGone) return;
    lastMark = readMark();
    isGone = true;
    closeSync(markDescriptor);
    channel.destroy();
    events.ended({ code, signal, lastWords: lastWords() });
  };
  child.once('close', end);
  child.once('error', () => end(null, null));
  return {
    get pid() {
      return isGone ? 0 : (child.pid ?? 0);
    },
    send,
    kill: () => {
      if (!isGone) killGroup(child);
    },
    mark: readMark,
  };
}

function spawnRunner(launch: Launch, markDescriptor: number): { child: ChildProcess; channel: Socket } {
  try {
    const child = spawn(launch.command, [...launch.args], {
      env: {},
      cwd: '/',
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', markDescriptor],
    });
    child.once('error', () => undefined);
    // Node makes no pipes where the system gave no descriptors for them.
    const channel = (child.stdio as ChildProcess['stdio'] | undefined)?.[3];
    if (channel) return { child, channel: channel as Socket };
    throw new Fault('the system gave no descriptors for a runner');
  } catch (error) {
    closeSync(markDescriptor);
    throw error;
  }
}

/** In memory where the system has such a folder (Linux): the mark is written for every entry into a guest. */
const MARK_FOLDER = '/dev/shm';

/** In the first folder that takes it: that of memory is small in containers, and others fill it too. */
function openMark(): number {
  try {
    return openMarkIn(MARK_FOLDER);
  } catch {
    return openMarkIn(tmpdir());
  }
}

/** A file without a name: nobody else can open it. */
function openMarkIn(folder: string): number {
  const path = join(folder, `souk-mark-${process.pid}-${randomUUID()}`);
  const descriptor = openSync(path, 'wx+', 0o600);
  try {
    unlinkSync(path);
    writeSync(descriptor, Buffer.alloc(MARK_BYTES), 0, MARK_BYTES, 0);
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

function collectLastWords(child: ChildProcess, giveUp: (reason: string) => void): () => string {
  let text = '';
  let bytes = 0;
  child.stderr?.on('data', (chunk: Buffer) => {
    text = (text + chunk.toString('latin1')).slice(-LAST_WORDS_CHARS_MAX);
    bytes += chunk.byteLength;
    if (bytes > RUNNER_LIMITS.lastWordsBytesMax) giveUp('it writes without end where only last words belong');
  });
  child.stderr?.on('error', () => {});
  return () => text;
}

function readFrames(channel: Socket, take: (frame: Frame) => void, giveUp: (reason: string) => void): void {
  const reader = createFrameReader(RUNNER_LIMITS.frameBytesMax);
  channel.on('data', (chunk: Buffer) => {
    try {
      for (const frame of reader.push(chunk)) take(frame);
    } catch (error) {
      giveUp(error instanceof Error ? error.message : 'unreadable');
    }
  });
  // A broken channel shows as the end of the process, which is what is acted upon.
  channel.on('error', () => {});
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL');
  }
}
