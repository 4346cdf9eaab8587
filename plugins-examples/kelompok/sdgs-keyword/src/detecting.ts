/** Which goals a text is about. */
import { GOALS } from './goals.ts';

export type Detected = {
  readonly goal: number;
  /** As records are tagged, such as `SDG 13: Climate action`. */
  readonly tag: string;
  /** The words of the text that tell it. */
  readonly words: readonly string[];
  /** 0 to 1: one word is a hint, three are as good as certain. */
  readonly confidence: number;
};

const PATTERNS = GOALS.map(({ goal, title, keywords }) => ({
  goal,
  tag: `SDG ${goal}: ${title}`,
  words: keywords.map((keyword) => ({ start: startOf(keyword), pattern: patternOf(keyword) })),
}));

/** Cheap to look for; the pattern is asked only where it is there. */
function startOf(keyword: string): string {
  return keyword.split(/[ *]/u)[0] ?? keyword;
}

/** Whole words alone: "air" of "air bersih" is in "fair" as well. */
function patternOf(keyword: string): RegExp {
  const isStem = keyword.endsWith('*');
  const stem = (isStem ? keyword.slice(0, -1) : keyword).split(' ').join('\\s+');
  return new RegExp(`(?<![\\p{L}\\p{N}])${stem}${isStem ? '\\p{L}*' : ''}(?![\\p{L}\\p{N}])`, 'u');
}

/** @param wordsMin how many different words it takes. @returns the goals in their order */
export function detectGoals(text: string, wordsMin: number): Detected[] {
  const plain = text.normalize('NFC').toLowerCase();
  return PATTERNS.flatMap(({ goal, tag, words }) => {
    const found = words.flatMap(({ start, pattern }) =>
      plain.includes(start) ? (pattern.exec(plain)?.[0] ?? []) : [],
    );
    if (found.length < wordsMin) return [];
    return [{ goal, tag, words: found, confidence: Math.min(1, 0.4 + 0.2 * found.length) }];
  });
}
