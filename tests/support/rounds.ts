import { onTestFailed, test } from 'vitest';

/**
 * Tests that go on with what the one before left. Where one fails, those after it are skipped: they would fail by its
 * remains, and its own reason would drown in theirs.
 * @param title with a `%i` for the number of the round
 * @param work is given the number of the round, from 1
 */
export function testRounds(title: string, count: number, work: (round: number) => Promise<void>): void {
  let broken: number | undefined;
  test.for(Array.from({ length: count }, (_, index) => index + 1))(title, async (round, { skip }) => {
    skip(broken !== undefined, `round ${broken} failed`);
    onTestFailed(() => {
      broken ??= round;
    });
    await work(round);
  });
}
