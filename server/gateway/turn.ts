let turn = 0;
let isCounting = false;

/**
 * The turn of the event loop. All that comes in within one was on its way before anything that was answered in it, so
 * that what was decided in the same turn still holds for whoever asks.
 */
export function currentTurn(): number {
  if (!isCounting) {
    isCounting = true;
    setImmediate(() => {
      turn += 1;
      isCounting = false;
    });
  }
  return turn;
}
