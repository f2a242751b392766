import { readFile } from 'node:fs/promises';
import { isMap, isNode, isScalar, LineCounter, parseDocument, type Document } from 'yaml';
import { CliError, exitCodes } from './exit.ts';

export type Path = readonly (string | number)[];

/** A YAML or JSON file whose every fault can be told with file, line and column. */
export interface YamlSource {
  readonly name: string;
  readonly text: string;
  readonly value: unknown;
  /** `name:line:column` of a place; of the nearest one above it where it is missing. With `key`, of the name and not its value. */
  at(path: Path, options?: { key?: boolean }): string;
}

/** Reads a file, `-` being standard input. Throws a usage error at the line and column of the first syntax fault. */
export async function readYaml(path: string): Promise<YamlSource> {
  const text = await readText(path);
  return parseYaml(path === '-' ? 'stdin' : path, text);
}

export function parseYaml(name: string, text: string): YamlSource {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${name}:${line}:${col}`;
  };
  const fault = document.errors[0];
  if (fault !== undefined) throw new CliError(exitCodes.usage, `${place(fault.pos[0])}: ${fault.message}`);
  return {
    name,
    text,
    value: document.toJS() as unknown,
    at: (path, options = {}) => place(offsetOf(document, path, options.key === true)),
  };
}

async function readText(path: string): Promise<string> {
  try {
    if (path !== '-') return await readFile(path, 'utf8');
    let text = '';
    for await (const chunk of process.stdin.setEncoding('utf8')) text += String(chunk);
    return text;
  } catch (error) {
    throw new CliError(
      exitCodes.usage,
      `cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function offsetOf(document: Document, path: Path, wantsKey: boolean): number {
  for (let length = path.length; length > 0; length -= 1) {
    const part = path.slice(0, length);
    if (wantsKey && length === path.length) {
      const key = keyOffset(document, part);
      if (key !== null) return key;
    }
    const node = document.getIn(part, true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return document.contents?.range?.[0] ?? 0;
}

function keyOffset(document: Document, path: Path): number | null {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  if (!isMap(parent)) return null;
  const name = path.at(-1);
  for (const { key } of parent.items) {
    if (isScalar(key) && key.value === name && key.range) return key.range[0];
  }
  return null;
}
