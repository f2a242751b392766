import { createIssuePages } from './issue-pages.ts';
import type { FeedbackPoller } from './poller.ts';

/** Issues of GitLab projects, by path or number. */
export function createGitlabPoller(apiUrl: string): FeedbackPoller {
  return createIssuePages({
    url(project, since, page) {
      const query = new URLSearchParams({
        scope: 'all',
        order_by: 'updated_at',
        sort: 'asc',
        per_page: '100',
      });
      if (since !== null) query.set('updated_after', since);
      if (page > 1) query.set('page', String(page));
      return `${apiUrl.replace(/\/$/, '')}/projects/${encodeURIComponent(project)}/issues?${query.toString()}`;
    },
    headers: (token) => ({
      ...{ accept: 'application/json', 'user-agent': 'holdfast' },
      ...(token === null ? {} : { 'private-token': token }),
    }),
  });
}
