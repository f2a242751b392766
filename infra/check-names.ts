import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { operationKinds } from '../contracts/common.ts';

/** Everything with a straight path of its own: kinds of operations, and what serves them all. */
const capabilities = [...operationKinds, 'notification', 'feedback'] as const;

/** Parts of workflows/ and activities/ that are no capability. */
const notCapabilities = ['index', 'shared', 'reconciliation'];
const stops = ['contracts', 'api', 'workflows', 'domain', 'activities', 'db', 'cli'];

/** What is missing on the straight path of a capability, and what carries the name of none; one sentence each, none when all is well. */
export async function nameProblems(root: string, kinds: readonly string[] = capabilities): Promise<string[]> {
  const missing = await Promise.all(kinds.map((stem) => missingStops(root, stem)));
  const strangers = await Promise.all(
    ['workflows', 'activities'].map((folder) => undeclared(root, folder, kinds)),
  );
  return [...missing, ...strangers].flat();
}

async function missingStops(root: string, stem: string): Promise<string[]> {
  const places = [
    ...stops.map((folder) => [`${folder}/${stem}.ts`, `${folder}/${stem}/`]),
    [`test/${stem}/`],
    [`docs/${stem}.md`],
  ];
  const found = await Promise.all(places.map((place) => isAnyThere(root, place)));
  return places
    .filter((_, index) => found[index] === false)
    .map((place) => `${stem}: ${place.join(' or ')} is missing; every stop of a capability has its name`);
}

async function undeclared(root: string, folder: string, kinds: readonly string[]): Promise<string[]> {
  const known = [...kinds, ...notCapabilities];
  const entries = await readdir(join(root, folder));
  return entries
    .filter((entry) => !known.includes(basename(entry, '.ts')))
    .map(
      (entry) =>
        `${folder}/${entry} is the stem of no operation kind; add it to operationKinds in contracts/common.ts`,
    );
}

async function isAnyThere(root: string, places: readonly string[]): Promise<boolean> {
  const found = await Promise.all(places.map((place) => isThere(join(root, place), place.endsWith('/'))));
  return found.includes(true);
}

async function isThere(path: string, asFolder: boolean): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return found !== null && found.isDirectory() === asFolder;
}

if (import.meta.main) {
  const problems = await nameProblems(join(import.meta.dirname, '..'));
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
