import type { Report } from '../report.ts';
import { reportOf } from './connector.ts';
import { factsOf, textAt, timeAt } from './fields.ts';

/** A post as Reddit's listings have it; null for what is none. Names of people are not kept. */
export function readRedditPost(post: unknown, now: string): Report | null {
  const [name, title] = [textAt(post, 'name'), textAt(post, 'title')];
  if (name === null || title === null) return null;
  const createdAt = timeAt(post, 'created_utc') ?? now;
  const edited = textAt(post, 'edited');
  const permalink = textAt(post, 'permalink');
  return reportOf({
    ...{ externalId: name, kind: 'feedback', nature: 'state', title, createdAt },
    body: textAt(post, 'selftext') ?? '',
    url: permalink === null ? null : `https://www.reddit.com${permalink}`,
    labels: [textAt(post, 'link_flair_text')].filter((flair) => flair !== null),
    updatedAt: edited === null || edited === 'false' ? createdAt : (timeAt(post, 'edited') ?? createdAt),
    metadata: factsOf({ subreddit: textAt(post, 'subreddit') }),
  });
}
