/** ISO/IEC 7812: 13 to 19 digits with a sum by Luhn; not all the same. */
function isCardNumber(found: string): boolean {
  const digits = [...found.replace(/\D/g, '')].map(Number);
  if (digits.length < 13 || digits.length > 19 || new Set(digits).size === 1 || !/^[2-6]/.test(found))
    return false;
  const sum = digits.reverse().reduce((total, digit, place) => {
    const doubled = place % 2 === 1 ? digit * 2 : digit;
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return sum % 10 === 0;
}

/** Where card numbers stand in groups of digits: those of an order or a time may stand right before or after. */
export function cardSpans(found: string): [number, number][] {
  const groups = [...found.matchAll(/\d+/g)].map(
    ({ 0: digits, index }) => [index, index + digits.length] as const,
  );
  const spans: [number, number][] = [];
  for (let first = 0; first < groups.length; first += 1) {
    for (let last = groups.length - 1; last >= first; last -= 1) {
      const [from, to] = [groups[first]?.[0] ?? 0, groups[last]?.[1] ?? 0];
      if (!isCardNumber(found.slice(from, to))) continue;
      spans.push([from, to]);
      first = last;
      break;
    }
  }
  return spans;
}

/** ISO 13616: the remainder by 97 is 1, with the first four characters at the end and letters as 10 to 35. */
export function isIban(found: string): boolean {
  const text = found.replaceAll(' ', '');
  if (text.length < 15 || text.length > 34) return false;
  const rearranged = text.slice(4) + text.slice(0, 4);
  let rest = 0;
  for (const character of rearranged) {
    const value = parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}
