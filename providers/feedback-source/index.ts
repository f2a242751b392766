import { createGithubPoller } from './github.ts';
import { createGitlabPoller } from './gitlab.ts';
import type { FeedbackPoller } from './poller.ts';
import { createRedditPoller } from './reddit.ts';

export type FeedbackPollers = Readonly<Record<'github' | 'gitlab' | 'reddit', FeedbackPoller>>;

/** Where each vendor answers; of the installation and not of a source, so that no project can send a token elsewhere. */
export interface FeedbackUrls {
  readonly github: string;
  readonly gitlab: string;
  readonly reddit: string;
  readonly redditApi: string;
}

export function createFeedbackPollers(urls: FeedbackUrls): FeedbackPollers {
  return {
    github: createGithubPoller(urls.github),
    gitlab: createGitlabPoller(urls.gitlab),
    reddit: createRedditPoller({ web: urls.reddit, api: urls.redditApi }),
  };
}
