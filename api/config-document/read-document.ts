import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { ConfigDocument } from '../../contracts/config-document.ts';
import { sha256 } from '../../db/audit/record.ts';
import { configProblems } from '../../domain/config-document/policy.ts';
import type { ConfigProblem } from '../../domain/config-document/problem.ts';
import { revisionOf } from '../../domain/config-document/revision.ts';
import { type AnyDocument, upgradeDocument } from '../../domain/config-document/schema-versions.ts';
import { OpsError } from '../../domain/errors.ts';
import { pointersOf } from '../pointers.ts';

/** Where a document stands in the bodies that hold one. */
export const inBody = '/document';

const ajv = new Ajv({ allErrors: true, strict: false });
addFormats.default(ajv);
const hasShape = ajv.compile<ConfigDocument>(ConfigDocument);

/** A document of any known schema version in the newest one. Throws `invalid-input` with a pointer for each fault of its shape. */
export function readDocument(given: AnyDocument): ConfigDocument {
  const document: unknown = upgraded(given);
  if (hasShape(document)) return document;
  throw refusal(pointersOf(hasShape.errors ?? [], 'body'), 'does not have the shape of a document');
}

/** The same for what was checked when it was written. */
export function storedDocument(stored: AnyDocument): ConfigDocument {
  return upgradeDocument(stored).document as unknown as ConfigDocument;
}

/** Throws `invalid-input` when the policy has something against a document. */
export function refuseProblems(document: ConfigDocument): void {
  const problems = configProblems(document);
  if (problems.length > 0) throw refusal(problems, 'cannot be rolled out');
}

/** Faults of a document, each with its pointer into the body that holds it. */
export function refusal(problems: readonly ConfigProblem[], what: string): OpsError {
  const errors = problems.map(({ pointer, detail }) => ({ pointer: `${inBody}${pointer}`, detail }));
  const first = errors[0];
  const why = first === undefined ? '' : `: ${first.pointer} ${first.detail}`;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return new OpsError('invalid-input', `the configuration ${what}${why}${more}`, { errors });
}

export function revisionOfDocument(document: ConfigDocument): string {
  return revisionOf(sha256, document);
}

function upgraded(given: AnyDocument): AnyDocument {
  try {
    return upgradeDocument(given).document;
  } catch (error) {
    if (!(error instanceof OpsError)) throw error;
    throw refusal([{ pointer: '/schemaVersion', detail: error.message }], 'cannot be read');
  }
}
