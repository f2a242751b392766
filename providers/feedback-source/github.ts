import { createIssuePages } from './issue-pages.ts';
import type { FeedbackPoller } from './poller.ts';

/** Issues of GitHub repositories, `owner/name`. With an unchanging token an answer 304 costs nothing of its quota. */
export function createGithubPoller(apiUrl: string): FeedbackPoller {
  return createIssuePages({
    url(repository, since, page) {
      const path = repository.split('/').map(encodeURIComponent).join('/');
      const query = new URLSearchParams({ state: 'all', sort: 'updated', direction: 'asc', per_page: '100' });
      if (since !== null) query.set('since', since);
      if (page > 1) query.set('page', String(page));
      return `${apiUrl.replace(/\/$/, '')}/repos/${path}/issues?${query.toString()}`;
    },
    headers: (token) => ({
      ...{ accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' },
      ...{ 'user-agent': 'holdfast' },
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    }),
  });
}
