/**
 * Stands for SharedArrayBuffer inside the bundle: guests have none, and a snapshot is made before V8 adds it, but
 * whatwg-url's conversions read its accessors when they load. Nothing is ever an instance of it.
 */
class NoSharedMemory {
  get byteLength(): number {
    throw new TypeError('There is no shared memory here.');
  }
  get growable(): boolean {
    throw new TypeError('There is no shared memory here.');
  }
}

export { NoSharedMemory as SharedArrayBuffer };
