/** Data goes to stdout, all else to stderr. */
export interface Output {
  readonly json: boolean;
  /** The result: as JSON with --json, else as `text` renders it. */
  data(value: unknown, text: () => string): void;
  /** A part of a long result, as it comes. */
  raw(text: string): void;
  /** A line for people on stderr. */
  note(text: string): void;
  /** What is going on during a long wait: one line that is rewritten on a terminal, a line per change elsewhere. */
  progress(text: string): void;
  bold(text: string): string;
  red(text: string): string;
  green(text: string): string;
}

export interface Streams {
  readonly stdout: Pick<NodeJS.WriteStream, 'write' | 'isTTY'>;
  readonly stderr: Pick<NodeJS.WriteStream, 'write' | 'isTTY'>;
}

export function createOutput(streams: Streams, options: { json: boolean; color: boolean }): Output {
  const { stdout, stderr } = streams;
  const paint = (code: number) => (text: string) =>
    options.color && stdout.isTTY ? `\u001b[${code}m${text}\u001b[0m` : text;
  let shown = '';
  const wipe = (): void => {
    if (shown !== '' && stderr.isTTY) stderr.write('\r\u001b[K');
    shown = '';
  };
  return {
    json: options.json,
    data(value, text) {
      wipe();
      stdout.write(options.json ? `${JSON.stringify(value)}\n` : `${text()}\n`);
    },
    raw(text) {
      stdout.write(text);
    },
    note(text) {
      wipe();
      stderr.write(`${text}\n`);
    },
    progress(text) {
      if (text === shown) return;
      const isTerminal = stderr.isTTY;
      wipe();
      stderr.write(isTerminal ? text : `${text}\n`);
      shown = text;
    },
    bold: paint(1),
    red: paint(31),
    green: paint(32),
  };
}
