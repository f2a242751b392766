export interface CsvRow {
  /** Of the file, counted from 1; where the row begins. */
  readonly line: number;
  readonly cells: readonly string[];
}

export interface CsvReader {
  /** The rows that are whole by now. */
  push(text: string): CsvRow[];
  /** What is left at the end of the file. Throws where a quote was never closed. */
  end(): CsvRow[];
}

/**
 * Reads CSV by RFC 4180 as it comes, in parts of any length: quoted cells hold commas, line ends and doubled quotes. Line ends are LF or
 * CRLF; empty lines and a byte order mark are passed over.
 */
export function createCsvReader(): CsvReader {
  let cells: string[] = [];
  let cell = '';
  let state: 'plain' | 'quoted' | 'after-quote' = 'plain';
  let [line, beganAt] = [1, 1];
  let isFirst = true;

  function endRow(rows: CsvRow[]): void {
    const row = { line: beganAt, cells: [...cells, cell] };
    if (row.cells.length > 1 || cell !== '') rows.push(row);
    [cells, cell, state] = [[], '', 'plain'];
    line += 1;
    beganAt = line;
  }

  function take(character: string, rows: CsvRow[]): void {
    if (state === 'quoted') {
      if (character === '"') state = 'after-quote';
      else cell += character;
      if (character === '\n') line += 1;
      return;
    }
    switch (character) {
      case '"':
        // The second of two is one of the text; one at the start of a cell opens it; elsewhere it is a quote like any character.
        if (state === 'after-quote') cell += '"';
        if (state === 'after-quote' || cell === '') state = 'quoted';
        else cell += '"';
        return;
      case ',':
        cells.push(cell);
        [cell, state] = ['', 'plain'];
        return;
      case '\n':
        endRow(rows);
        return;
      case '\r':
        return;
      default:
        cell += character;
    }
  }

  return {
    push(text) {
      const rows: CsvRow[] = [];
      for (const character of isFirst && text.startsWith('\ufeff') ? text.slice(1) : text)
        take(character, rows);
      if (text !== '') isFirst = false;
      return rows;
    },
    end() {
      if (state === 'quoted') throw new Error(`the quote that opens in line ${beganAt} is not closed`);
      const rows: CsvRow[] = [];
      if (cells.length > 0 || cell !== '') endRow(rows);
      return rows;
    },
  };
}
