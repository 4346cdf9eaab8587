/**
 * The time that one call may take, waiting included. A contract's action has 10 seconds in all; what is not done two
 * seconds before that is given up with words that the caller can use, rather than cut off without any.
 */
import { unavailable } from './errors.ts';

const CALL_MS_MAX = 8_000;

export type Patience = {
  /** Milliseconds that are left, at least 1. */
  leftMs(): number;
  /**
   * Waits as long as a platform asks for.
   * @throws PlatformError `platform_unavailable` at once where that is longer than there is time
   */
  wait(delayMs: number, platform: string): Promise<void>;
};

export function openPatience(callMsMax: number = CALL_MS_MAX): Patience {
  const endsAtMs = Date.now() + callMsMax;
  const leftMs = (): number => Math.max(1, endsAtMs - Date.now());
  return {
    leftMs,
    wait: async (delayMs, platform) => {
      if (delayMs <= 0) return;
      if (delayMs >= leftMs())
        throw unavailable(`${platform} asks to wait ${Math.ceil(delayMs / 1_000)} seconds; ask again then.`);
      await new Promise((resolve) => {
        setTimeout(resolve, delayMs);
      });
    },
  };
}
