/** What the engine throws at us: copies of guest errors among it, so nothing about it is taken for granted. */

const MESSAGE_CHARS_MAX = 500;
const STACK_CHARS_MAX = 4_000;

/** The engine's own words for a thrown object that it does not copy. */
const NO_ERROR =
  'An object was thrown from supplied code within isolated-vm, but that object was not an instance of `Error`.';

/** @returns message and stack as bounded text; never throws */
export function describeThrown(thrown: unknown): { message: string; stack: string } {
  try {
    if (typeof thrown !== 'object' || thrown === null)
      return { message: String(thrown).slice(0, MESSAGE_CHARS_MAX), stack: '' };
    const { name, message, stack } = thrown as { name?: unknown; message?: unknown; stack?: unknown };
    const text = message === NO_ERROR ? 'a value that is no error' : textOf(message);
    const label = typeof name === 'string' && name !== 'Error' && name !== '' ? `${name}: ` : '';
    return {
      message: `${label}${text}`.slice(0, MESSAGE_CHARS_MAX),
      stack: typeof stack === 'string' ? ownFrames(stack.slice(0, STACK_CHARS_MAX)) : '',
    };
  } catch {
    return { message: 'an error that cannot be read', stack: '' };
  }
}

const textOf = (message: unknown): string =>
  typeof message === 'string' ? message : 'an error without a message';

/**
 * Drops the frames of the runner itself: a guest's stack shows positions in its own package only.
 * @param stack cut before: a guest may have written one of millions of lines, and nobody is charged for this
 */
function ownFrames(stack: string): string {
  return stack
    .split('\n')
    .filter((line) => !/^\s+at /u.test(line) || /plugin:\/\/\//u.test(line))
    .join('\n');
}
