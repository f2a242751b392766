import { locateProblem, type ConfigFile } from '../config-file.ts';
import { CliError } from '../exit.ts';
import type { YamlSource } from '../yaml-source.ts';

/** A part of a request that was read from a file. */
export interface FilePart {
  /** Where it stands in the request, such as `/document`. */
  readonly below: string;
  readonly source: YamlSource;
}

/** Adds file, line and column to what the API found wrong in parts of a request that were read from files. */
export function locateFaults(error: unknown, parts: readonly FilePart[]): unknown {
  if (!(error instanceof CliError) || error.problem?.errors === undefined) return error;
  const lines = error.problem.errors.map(({ pointer, detail }) => {
    const part = parts.find(({ below }) => pointer === below || pointer.startsWith(`${below}/`));
    if (part === undefined) return null;
    return locateProblem(asFile(part.source), { pointer: pointer.slice(part.below.length), detail });
  });
  const located = lines.filter((line) => line !== null);
  if (located.length === 0) return error;
  const others = error.problem.errors
    .filter((_fault, index) => lines[index] === null)
    .map(({ pointer, detail }) => `${pointer} ${detail}`);
  return new CliError(error.exitCode, [...located, ...others].join('\n'), error.problem);
}

/** Does the work; its faults name their places. */
export async function locating<T>(parts: readonly (FilePart | null)[], work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw locateFaults(
      error,
      parts.filter((part) => part !== null),
    );
  }
}

export function documentPart(file: ConfigFile): FilePart {
  return { below: '/document', source: file.source };
}

function asFile(source: YamlSource): ConfigFile {
  return { source, document: source.value as ConfigFile['document'] };
}
