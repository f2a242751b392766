import { CliError, exitCodes } from './exit.ts';

/** Splits a command line into words; quotes keep spaces together. No shell, no expansion. */
export function wordsOf(line: string): string[] {
  const words = [...line.matchAll(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g)].map(([word]) =>
    word.replace(/"([^"]*)"|'([^']*)'/g, (_all, double?: string, single?: string) => double ?? single ?? ''),
  );
  if (words.length === 0) throw new CliError(exitCodes.usage, '--command is empty');
  return words;
}
