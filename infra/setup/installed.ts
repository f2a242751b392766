import { readFileSync } from 'node:fs';

/** Exit 0 when node_modules holds what the lock file says. npm notes what it installed in node_modules/.package-lock.json. */
interface Entry {
  readonly version?: string;
  readonly optional?: boolean;
  readonly devOptional?: boolean;
  readonly peer?: boolean;
}

function entries(file: string): Record<string, Entry> {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, Entry> }).packages;
  } catch {
    return {};
  }
}

const wanted = Object.entries(entries('package-lock.json')).filter(([path]) => path !== '');
const present = entries('node_modules/.package-lock.json');

const isInstalled = wanted.every(([path, entry]) => {
  const found = present[path];
  // Packages for other platforms are in the lock file alone.
  if (found === undefined) return entry.optional ?? entry.devOptional ?? entry.peer ?? false;
  return found.version === entry.version;
});

process.exitCode = isInstalled ? 0 : 1;
