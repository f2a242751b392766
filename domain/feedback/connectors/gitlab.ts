import type { Report } from '../report.ts';
import { ignored, reportOf, reports, type Connector } from './connector.ts';
import { factsOf, listAt, textAt, timeAt, valueAt } from './fields.ts';

/** Webhooks of GitLab: issues and comments on them. */
export const gitlab: Connector = {
  proof: { kind: 'token', headers: ['x-gitlab-token'] },
  // The first stays the same when it is sent again; older servers have the second only.
  deliveryId: ({ headers }) => headers['idempotency-key'] ?? headers['x-gitlab-event-uuid'] ?? null,
  read({ body, now }) {
    const project = textAt(body, 'project', 'path_with_namespace');
    switch (textAt(body, 'object_kind')) {
      case 'issue':
        return kept(
          readGitlabIssue(
            valueAt(body, 'object_attributes'),
            { project, labels: listAt(body, 'labels') },
            now,
          ),
        );
      case 'note': {
        const issue = valueAt(body, 'issue');
        return kept(readGitlabIssue(issue, { project, labels: listAt(issue, 'labels') }, now));
      }
      default:
        return ignored;
    }
  },
};

function kept(report: Report | null) {
  return report === null ? ignored : reports(report);
}

interface Around {
  readonly project: string | null;
  /** Texts in the REST API, objects with a title in webhooks. */
  readonly labels: readonly unknown[];
}

/** An issue as webhooks and the REST API have it; null for what is none. */
export function readGitlabIssue(issue: unknown, { project, labels }: Around, now: string): Report | null {
  const [id, title] = [textAt(issue, 'id'), textAt(issue, 'title')];
  if (id === null || title === null) return null;
  const createdAt = timeAt(issue, 'created_at') ?? now;
  const fullName = textAt(issue, 'references', 'full')?.split('#')[0] ?? null;
  return reportOf({
    ...{ externalId: id, kind: 'feedback', nature: 'state', title, createdAt },
    body: textAt(issue, 'description') ?? '',
    url: textAt(issue, 'web_url') ?? textAt(issue, 'url'),
    status: textAt(issue, 'state') === 'closed' ? 'closed' : 'open',
    labels: labels.flatMap((label) =>
      typeof label === 'string' ? label : (textAt(label, 'title') ?? textAt(label, 'name') ?? []),
    ),
    updatedAt: timeAt(issue, 'updated_at') ?? createdAt,
    metadata: factsOf({ project: project ?? fullName, number: textAt(issue, 'iid') }),
  });
}
