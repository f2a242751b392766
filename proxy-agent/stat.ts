/** Rows of a CSV answer such as `show stat`, by the names in its header: columns come and go between versions of HAProxy. */
export function parseStat(text: string): ReadonlyMap<string, string>[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const header = lines.findIndex((line) => line.startsWith('# pxname,'));
  if (header < 0) return [];
  const names = splitRow(lines[header]?.slice(2) ?? '');
  return lines.slice(header + 1).map((line) => {
    const values = splitRow(line);
    return new Map(names.map((name, index) => [name, values[index] ?? '']));
  });
}

/** Texts from servers, such as a check's last answer, are quoted and may hold commas. */
function splitRow(line: string): string[] {
  if (!line.includes('"')) return line.split(',');
  const values: string[] = [];
  for (const match of line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)) {
    const value = match[1] ?? '';
    values.push(value.startsWith('"') ? value.slice(1, -1).replaceAll('""', '"') : value);
  }
  return values;
}
