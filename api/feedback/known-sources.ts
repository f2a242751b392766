import { findSource, type SourceSpec } from '../../db/feedback/source.ts';
import type { Db } from '../../db/connect.ts';

/** A source that another process changed or switched off counts as it was for so long. */
const rememberMs = 1000;
const rememberAtMost = 1000;

interface Remembered {
  readonly until: number;
  readonly spec: SourceSpec;
}

const ofDatabase = new WeakMap<Db, Map<string, Remembered>>();

/** Looks a source up, once a second at most: in a storm every delivery asks for the same one. */
export async function findKnownSource(db: Db, project: string, source: string): Promise<SourceSpec | null> {
  const known = ofDatabase.get(db) ?? new Map<string, Remembered>();
  ofDatabase.set(db, known);
  const remembered = known.get(nameOf(project, source));
  if (remembered !== undefined && remembered.until > Date.now()) return remembered.spec;
  const spec = await findSource(db, project, source);
  if (known.size >= rememberAtMost) known.clear();
  // One that is not there is asked for each time: it may be set in this moment.
  if (spec !== null) known.set(nameOf(project, source), { until: Date.now() + rememberMs, spec });
  return spec;
}

/** It was changed just now. */
export function forgetSource(db: Db, project: string, source: string): void {
  ofDatabase.get(db)?.delete(nameOf(project, source));
}

function nameOf(project: string, source: string): string {
  return `${project}/${source}`;
}
