import { distance } from 'fastest-levenshtein';

/** @returns the known name that `text` is most likely a slip of */
export function nearestName(text: string, known: readonly string[]): string | undefined {
  const [best] = known
    .map((name) => ({ name, steps: distance(text.slice(0, 100).toLowerCase(), name.toLowerCase()) }))
    .sort((left, right) => left.steps - right.steps);
  return best && best.steps <= Math.max(1, Math.floor(text.length / 3)) ? best.name : undefined;
}
