import type { ConfigDiff } from '../../contracts/config-revision.ts';
import type { Output } from '../output.ts';
import { short } from './environment.ts';

/** What a change means, a line each. */
export function changeLines(changes: ConfigDiff['changes']): string[] {
  const width = Math.max(0, ...changes.map(({ kind }) => kind.length));
  return changes.map(({ kind, detail }) => `  ${kind.padEnd(width)}  ${detail}`);
}

/** What it means, what it takes, and what it comes to in the file. */
export function diffText({ from, to, changes, files, reload }: ConfigDiff, out: Output): string {
  const title = `${from === null ? 'nothing' : short(from)} -> ${short(to)}`;
  if (changes.length === 0 && files.trim() === '') return `${title}: no difference`;
  return [
    `${title}: ${changes.length === 1 ? '1 change' : `${changes.length} changes`}`,
    ...changeLines(changes),
    '',
    `takes: ${takes(reload.class)}`,
    ...reload.reasons.map((reason) => `  ${reason}`),
    ...(files.trim() === '' ? [] : ['', painted(files.trimEnd(), out)]),
  ].join('\n');
}

function takes(reload: ConfigDiff['reload']['class']): string {
  switch (reload) {
    case 'nothing':
      return 'nothing: HAProxy runs the same';
    case 'runtime':
      return 'commands on the runtime socket, no reload';
    case 'reload':
      return 'a reload';
  }
}

function painted(files: string, out: Output): string {
  return files
    .split('\n')
    .map((line) => {
      if (line.startsWith('+++') || line.startsWith('---')) return out.bold(line);
      if (line.startsWith('+')) return out.green(line);
      return line.startsWith('-') ? out.red(line) : line;
    })
    .join('\n');
}
