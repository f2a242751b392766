import type { ConfigDocument } from '../../contracts/config-document.ts';
import { OpsError } from '../errors.ts';

/** A document of any version: what it holds, nobody has checked. */
export type AnyDocument = Readonly<Record<string, unknown>>;

/** One step up: takes what the version `from` wrote and answers what the next one reads. `schemaVersion` is not its business. */
export interface UpMigration {
  readonly from: number;
  /** What it changes, in one sentence, for whoever reads the new revision. */
  readonly about: string;
  up(document: AnyDocument): AnyDocument;
}

/** How documents were brought up so far: there has been one version. */
export const upMigrations: readonly UpMigration[] = [];

export interface Upgraded {
  readonly document: AnyDocument;
  /** What was changed, in order. */
  readonly steps: readonly string[];
}

/**
 * Brings a document of an older schema version to the newest. What comes out has yet to be checked against the contract. Throws
 * `invalid-input` for a version that is no positive whole number, one that is newer than this program, and one that no step leads from.
 */
export function upgradeDocument(
  document: AnyDocument,
  migrations: readonly UpMigration[] = upMigrations,
  newest: number = newestVersion,
): Upgraded {
  const first = versionOf(document, newest);
  let upgraded = document;
  const steps: string[] = [];
  for (let version = first; version < newest; version += 1) {
    const step = migrations.find(({ from }) => from === version);
    if (step === undefined)
      throw new OpsError('invalid-input', `no step leads from schemaVersion ${version} to ${version + 1}`);
    upgraded = { ...step.up(upgraded), schemaVersion: version + 1 };
    steps.push(step.about);
  }
  return { document: upgraded, steps };
}

const newestVersion: ConfigDocument['schemaVersion'] = 1;

function versionOf({ schemaVersion }: AnyDocument, newest: number): number {
  if (typeof schemaVersion !== 'number' || !Number.isInteger(schemaVersion) || schemaVersion < 1)
    throw new OpsError(
      'invalid-input',
      `schemaVersion is missing or no version; write schemaVersion: ${newest}`,
    );
  if (schemaVersion > newest)
    throw new OpsError(
      'invalid-input',
      `schemaVersion ${schemaVersion} is newer than ${newest}, the newest known here; upgrade Holdfast first`,
    );
  return schemaVersion;
}
