/** Puts a guest's code into a runner, and tells what is loaded there of the guest's present configuration. */
import { ISOLATE_LIMITS, STREAM_LIMITS, type RunLimits } from '../../spec/limits.ts';
import type { GuestSettings } from '../guest/bridge.ts';
import type { Guest } from '../ports.ts';
import { createLogAllowance } from '../protocol/log-allowance.ts';
import type { Isolate } from './isolates.ts';
import { findIsolate } from './pool.ts';
import type { Runner } from './runner.ts';

export type IsolateLoaderParts = {
  /** Names of the host services that guests find. */
  readonly services: GuestSettings['services'];
  readonly endpointLimits: RunLimits;
};

/** Bytes of UTF-8 for UTF-16 units, and a little for the two clocks. */
const LOG_ALLOWANCE_FACTOR = 4;

export class IsolateLoader {
  readonly #parts: IsolateLoaderParts;
  #lastIsolate = 0;

  constructor(parts: IsolateLoaderParts) {
    this.#parts = parts;
  }

  /** @returns the isolate of exactly this code, told of the guest's present configuration */
  find(runner: Runner, guest: Guest): Isolate | undefined {
    const isolate = findIsolate(runner, guest);
    if (!isolate) return undefined;
    if (isolate.guest.revision !== guest.revision) runner.configure(isolate, this.#settingsFor(guest));
    isolate.guest = guest;
    return isolate;
  }

  load(runner: Runner, guest: Guest, files: ReadonlyMap<string, Uint8Array>): Isolate {
    const { installationId, digest } = guest;
    const usedAtMs = performance.now();
    const logAllowance = createLogAllowance(LOG_ALLOWANCE_FACTOR);
    const spending = runner.spendings.of(installationId);
    const state = { runs: 0, usedAtMs, strayLogLines: 0, logAllowance, spending };
    const isolate: Isolate = { id: ++this.#lastIsolate, installationId, digest, guest, ...state };
    const entries = [...files];
    const head = {
      main: guest.main,
      files: entries.map(([path, bytes]) => ({ path, bytes: bytes.byteLength })),
      settingsText: this.#settingsFor(guest),
    };
    runner.load(isolate, head, Buffer.concat(entries.map(([, bytes]) => bytes)));
    unloadOlder(runner, isolate);
    return isolate;
  }

  #settingsFor(guest: Guest): string {
    const { services, endpointLimits } = this.#parts;
    const settings: GuestSettings = {
      org: guest.org,
      plugin: guest.plugin,
      configText: JSON.stringify(guest.config),
      services,
      requestBytesMax: endpointLimits.requestBytesMax,
      responseBytesMax: endpointLimits.responseBytesMax,
      pieceBytesMax: STREAM_LIMITS.pieceBytesMax,
      errorCharsMax: ISOLATE_LIMITS.errorCharsMax,
      logCharsMax: ISOLATE_LIMITS.logCharsMax,
      callCharsMax: ISOLATE_LIMITS.callCharsMax,
      handlers: guest.handlers ?? [],
    };
    return JSON.stringify(settings);
  }
}

/** After an upgrade the former version goes as soon as its last run has ended. */
export function unloadOlder(runner: Runner, { installationId }: Isolate): void {
  const [newest, ...older] = runner.isolatesOf(installationId);
  if (!newest) return;
  for (const isolate of older) if (isolate.runs === 0) runner.unload(isolate);
}
