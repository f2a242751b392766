import type { Report } from '../report.ts';
import { ignored, reportOf, reports, type Connector } from './connector.ts';
import { factsOf, listAt, textAt, timeAt, valueAt } from './fields.ts';

/** Webhooks of GitHub: issues and comments on them. What a comment changes is that the issue is newer. */
export const github: Connector = {
  proof: {
    kind: 'signature',
    header: 'x-hub-signature-256',
    prefix: 'sha256=',
    before: () => '',
    timestamp: null,
  },
  deliveryId: ({ headers }) => headers['x-github-delivery'] ?? null,
  read({ headers, body, now }) {
    const event = headers['x-github-event'];
    if (event !== 'issues' && event !== 'issue_comment') return ignored;
    const issue = valueAt(body, 'issue');
    const report = readGithubIssue(issue, textAt(body, 'repository', 'full_name'), now);
    if (report === null) return ignored;
    // An issue that left the repository is told with the state it had.
    const isGone = event === 'issues' && ['deleted', 'transferred'].includes(textAt(body, 'action') ?? '');
    return reports(isGone ? { ...report, status: 'closed' } : report);
  },
};

/** An issue as webhooks and the REST API have it; null for a pull request and for what is no issue. */
export function readGithubIssue(issue: unknown, repository: string | null, now: string): Report | null {
  const [id, title] = [textAt(issue, 'id'), textAt(issue, 'title')];
  if (id === null || title === null || valueAt(issue, 'pull_request') != null) return null;
  const createdAt = timeAt(issue, 'created_at') ?? now;
  const repositoryUrl = textAt(issue, 'repository_url')?.split('/').slice(-2).join('/') ?? null;
  return reportOf({
    ...{ externalId: id, kind: 'feedback', nature: 'state', title, createdAt },
    body: textAt(issue, 'body') ?? '',
    url: textAt(issue, 'html_url'),
    status: textAt(issue, 'state') === 'closed' ? 'closed' : 'open',
    labels: listAt(issue, 'labels').flatMap((label) =>
      typeof label === 'string' ? label : (textAt(label, 'name') ?? []),
    ),
    updatedAt: timeAt(issue, 'updated_at') ?? createdAt,
    metadata: factsOf({ repository: repository ?? repositoryUrl, number: textAt(issue, 'number') }),
  });
}
