/** Whether a path, by its segments, fits a pattern, by its own: `**` is any number of segments, `*` within one any text, `?` one character. */
export function matchesPath(pattern: readonly string[], path: readonly string[]): boolean {
  return matches(pattern, path, '**', (wanted, segment) =>
    matches([...wanted], [...segment], '*', (one, letter) => one === '?' || one === letter),
  );
}

/**
 * Wildcards by going back to the last one only: time is at most the product of the lengths, whatever the pattern. A regular expression
 * made of somebody's pattern could take for ever.
 */
function matches(
  pattern: readonly string[],
  text: readonly string[],
  wildcard: string,
  fits: (wanted: string, given: string) => boolean,
): boolean {
  let [at, from] = [0, 0];
  let [star, resume] = [-1, 0];
  while (from < text.length) {
    const wanted = pattern[at];
    if (wanted === wildcard) {
      [star, resume] = [at, from];
      at += 1;
    } else if (wanted !== undefined && fits(wanted, text[from] ?? '')) {
      at += 1;
      from += 1;
    } else if (star >= 0) {
      resume += 1;
      [at, from] = [star + 1, resume];
    } else return false;
  }
  return pattern.slice(at).every((rest) => rest === wildcard);
}
