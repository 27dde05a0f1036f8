import { closest, distance } from "fastest-levenshtein";

/**
 * The word that was probably meant: at most two letters off, or a third of a longer word; letter case does not count.
 * Undefined when none is near.
 */
export function nearestWord(word: string, words: readonly string[]): string | undefined {
  if (words.length === 0 || word === "") return undefined;
  const lower = word.toLowerCase();
  const nearest = closest(
    lower,
    words.map((one) => one.toLowerCase()),
  );
  const found = words.find((one) => one.toLowerCase() === nearest);
  if (found === undefined || found === word) return undefined;
  // Half a word is meant as the whole one, however long the rest is.
  const begun = words.find((one) => lower.length >= 4 && one.toLowerCase().startsWith(lower));
  if (begun !== undefined && begun !== word) return begun;
  const letters = distance(lower, nearest);
  return letters < word.length && letters <= Math.max(2, Math.floor(word.length / 3)) ? found : undefined;
}
