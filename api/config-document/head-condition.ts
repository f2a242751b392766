import { OpsError } from '../../domain/errors.ts';

export interface HeadCondition {
  readonly 'if-match'?: string;
  readonly 'if-none-match'?: string;
}

/** The ETag of a head: the revision itself, for it says what it holds. */
export function headTag(revision: string): string {
  return `"${revision}"`;
}

/**
 * Refuses a change that was made on another head than the present one. Where there is a head, a change that says nothing is refused as
 * well: it would undo what its writer has never seen.
 */
export function refuseLostRace(
  { 'if-match': ifMatch, 'if-none-match': ifNoneMatch }: HeadCondition,
  head: string | null,
  remedy: string = mergeFirst,
): void {
  if (ifNoneMatch !== undefined && ifNoneMatch.trim() !== '*')
    throw new OpsError('invalid-input', 'If-None-Match takes only * here: there must be no head yet', {
      errors: [{ pointer: 'headers/if-none-match', detail: 'must be *' }],
    });
  if (ifNoneMatch !== undefined && head !== null) throw lost(head, remedy);
  if (ifMatch !== undefined && !isMatched(ifMatch, head)) throw lost(head, remedy);
  if (ifMatch === undefined && ifNoneMatch === undefined && head !== null)
    throw new OpsError(
      'invalid-input',
      `say which revision you changed: If-Match: "${head}" is the present head`,
      { errors: [{ pointer: 'headers/if-match', detail: 'is required where there is a head' }] },
    );
}

function isMatched(ifMatch: string, head: string | null): boolean {
  if (head === null) return false;
  return ifMatch.split(',').some((each) => ['*', headTag(head)].includes(each.trim()));
}

const mergeFirst = 'see what both come to together: POST …/config/merge';

function lost(head: string | null, remedy: string): OpsError {
  const now = head === null ? 'there is no head' : `the head is ${head}`;
  return new OpsError('precondition-failed', `somebody else was faster: ${now}; ${remedy}`);
}
