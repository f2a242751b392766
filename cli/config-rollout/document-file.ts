import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { configFileOf, type ConfigFile } from '../config-file.ts';
import { readYaml } from '../yaml-source.ts';
import { rewriteYaml } from './rewrite-yaml.ts';

/** Where a document is kept when nobody says otherwise. */
export const usualFile = 'config/proxy.yml';

/** A document from YAML or JSON, `-` being standard input. */
export async function readDocument(path: string): Promise<ConfigFile> {
  return configFileOf(await readYaml(path));
}

/** Whether two documents hold the same, however they are written. */
export function isSameDocument(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b)));
}

/** Writes a document, all of it or nothing; comments of a file that is there stay. Throws what the file system says. */
export async function writeDocument(path: string, document: unknown): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const present = await readFile(path, 'utf8').catch(() => '');
  await writeFile(`${path}.part`, rewriteYaml(present, document));
  await rename(`${path}.part`, path);
}
