import type { FeedbackSettings, FeedbackSourceKind } from '../../contracts/feedback-source.ts';
import { readGithubIssue } from './connectors/github.ts';
import { readGitlabIssue } from './connectors/gitlab.ts';
import { listAt } from './connectors/fields.ts';
import { readRedditPost } from './connectors/reddit.ts';
import type { Report } from './report.ts';
import { readsOf } from './source-faults.ts';

export type PolledKind = Extract<FeedbackSourceKind, 'github' | 'gitlab' | 'reddit'>;

export function isPolled(kind: FeedbackSourceKind): kind is PolledKind {
  return readsOf[kind] !== null;
}

/** What a source reads by itself: repositories, projects or subreddits; `usual` where the source names no subreddits. */
export function partsOf(
  { kind, settings }: { readonly kind: FeedbackSourceKind; readonly settings: FeedbackSettings },
  usual: readonly string[],
): readonly string[] {
  const part = readsOf[kind];
  if (part === null) return [];
  return settings[part] ?? (kind === 'reddit' ? usual : []);
}

/** What of a page are reports; `part` is what was read, `now` ISO 8601. */
export function readEntries(
  kind: PolledKind,
  entries: readonly unknown[],
  { part, now }: { readonly part: string; readonly now: string },
): Report[] {
  switch (kind) {
    case 'github':
      return entries.flatMap((entry) => readGithubIssue(entry, part, now) ?? []);
    case 'gitlab':
      return entries.flatMap(
        (entry) => readGitlabIssue(entry, { project: part, labels: listAt(entry, 'labels') }, now) ?? [],
      );
    case 'reddit':
      return entries.flatMap((entry) => readRedditPost(entry, now) ?? []);
  }
}
