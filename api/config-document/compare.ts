import type { ConfigDocument } from '../../contracts/config-document.ts';
import type { ConfigDiff } from '../../contracts/config-revision.ts';
import { reloadClass } from '../../domain/config-document/reload-class.ts';
import { semanticDiff } from '../../domain/config-document/semantic-diff.ts';
import { textDiff } from './text-diff.ts';

/** One side of a comparison. */
export interface Compared {
  readonly revision: string;
  readonly document: ConfigDocument;
  readonly rendered: string;
}

/** What stands where nothing was written yet. */
export const emptyDocument: ConfigDocument = { schemaVersion: 1, frontends: [], backends: [] };

/** What `after` does differently: in the words of the document, in the file, and what it takes to get there. */
export function compare(before: Compared | null, after: Compared): ConfigDiff {
  const old = before?.document ?? emptyDocument;
  const reload = reloadClass(old, after.document);
  return {
    from: before?.revision ?? null,
    to: after.revision,
    changes: semanticDiff(old, after.document),
    files: textDiff(
      { label: before?.revision ?? 'nothing', text: before?.rendered ?? '' },
      { label: after.revision, text: after.rendered },
    ),
    reload: { class: reload.class, reasons: reload.reasons.map(({ detail }) => detail) },
  };
}
