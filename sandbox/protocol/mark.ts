/**
 * The mark: a file of 16 bytes, written by the runner before it enters an isolate, read by the supervisor when it must
 * know whom to blame for a runner that hangs or died.
 *
 * ```
 * offset 0 u32 run or 0 · 4 u32 isolate or 0 · 8 f64 monotonic clock at entry, in ms
 * ```
 *
 * The monotonic clock is the system's, the same in both processes.
 */
export const MARK_BYTES = 16;

export type Mark = { readonly run: number; readonly isolate: number; readonly enteredAtMs: number };

/** @returns the system's monotonic clock in milliseconds */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1_000_000;
}

export function encodeMark(bytes: Buffer, mark: Mark): void {
  bytes.writeUInt32LE(mark.run, 0);
  bytes.writeUInt32LE(mark.isolate, 4);
  bytes.writeDoubleLE(mark.enteredAtMs, 8);
}

/** @returns the mark, or undefined while the runner is in no isolate */
export function decodeMark(bytes: Buffer): Mark | undefined {
  if (bytes.byteLength < MARK_BYTES) return undefined;
  const mark = {
    run: bytes.readUInt32LE(0),
    isolate: bytes.readUInt32LE(4),
    enteredAtMs: bytes.readDoubleLE(8),
  };
  return mark.isolate === 0 ? undefined : mark;
}
