import type { ConfigRevisionDetail } from '../../contracts/config-revision.ts';
import { findEnvironment } from '../../db/config-document/environment.ts';
import { requireHead, requireRevision } from '../../db/config-document/revision.ts';
import type { Db } from '../../db/connect.ts';
import type { AnyDocument } from '../../domain/config-document/schema-versions.ts';
import { renderConfigDocument } from '../../domain/config-document/render/render.ts';
import { OpsError } from '../../domain/errors.ts';
import type { Compared } from './compare.ts';
import { readDocument, revisionOfDocument, storedDocument } from './read-document.ts';

interface Place {
  readonly project: string;
  readonly environment: string;
}

export interface Asked {
  readonly document?: AnyDocument;
  readonly revision?: string;
}

/** What is asked about: a document that nobody has put, a revision, or the head when neither is named. */
export async function askedSide(db: Db, place: Place, { document, revision }: Asked): Promise<Compared> {
  if (document !== undefined && revision !== undefined)
    throw new OpsError('invalid-input', 'name a document or a revision, not both', {
      errors: [{ pointer: '/revision', detail: 'cannot stand beside document; remove one' }],
    });
  if (document !== undefined) return draftOf(readDocument(document));
  if (revision !== undefined) return revisionSide(db, place, revision);
  return sideOf(await requireHead(db, place.project, place.environment));
}

/** A revision by its name; throws `not-found`. */
export async function revisionSide(db: Db, place: Place, revision: string): Promise<Compared> {
  return sideOf(await requireRevision(db, { ...place, revision }));
}

/** What a draft is compared with: what is live, else the head; where that is the draft itself, what the head came from. */
export async function presentSide(db: Db, place: Place, draft: string): Promise<Compared | null> {
  const environment = await findEnvironment(db, place.project, place.environment);
  const live = environment?.live ?? null;
  if (live !== null) return revisionSide(db, place, live);
  const head = environment?.head ?? null;
  return head === draft ? parentSide(db, place, draft) : ofName(db, place, head);
}

export async function parentSide(db: Db, place: Place, revision: string): Promise<Compared | null> {
  const { parent } = await requireRevision(db, { ...place, revision });
  return ofName(db, place, parent);
}

export function sideOf({ revision, document, rendered }: ConfigRevisionDetail): Compared {
  return { revision, document: storedDocument(document), rendered };
}

function ofName(db: Db, place: Place, revision: string | null): Promise<Compared | null> {
  return revision === null ? Promise.resolve(null) : revisionSide(db, place, revision);
}

function draftOf(document: Compared['document']): Compared {
  return {
    document,
    revision: revisionOfDocument(document),
    rendered: renderConfigDocument(document).text,
  };
}
