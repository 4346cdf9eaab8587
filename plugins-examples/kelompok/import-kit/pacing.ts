/** Keeps steps short: a runner ends what has the processor for too long, and others in it wait meanwhile. */

const PIECE_CHARS = 16 * 1024;
const BUSY_MS_MAX = 20;

/** @returns the same text in small pieces, with a pause where reading them has taken a while */
export async function* paced(text: AsyncIterable<string>): AsyncGenerator<string> {
  let pausedAt = Date.now();
  for await (const whole of text) {
    for (let at = 0; at < whole.length; at += PIECE_CHARS) {
      yield whole.slice(at, at + PIECE_CHARS);
      if (Date.now() - pausedAt < BUSY_MS_MAX) continue;
      await new Promise((resolve) => {
        setTimeout(resolve, 0);
      });
      pausedAt = Date.now();
    }
  }
}
