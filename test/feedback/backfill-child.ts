import { MockActivityEnvironment } from '@temporalio/testing';
import { ulid } from 'ulid';
import { createFeedbackActivities } from '../../activities/feedback/index.ts';
import type { ReadEnd } from '../../activities/feedback/poll.ts';
import { connect } from '../../db/connect.ts';
import { inProject } from '../../db/scope.ts';
import { createFeedbackPollers } from '../../providers/feedback-source/index.ts';

/** Reads a repository to its end in a process of its own, so that a test can kill it. */
const [databaseUrl = '', apiUrl = ''] = process.argv.slice(2);
const db = connect(databaseUrl, { max: 2 });
const urls = { github: apiUrl, gitlab: apiUrl, reddit: apiUrl, redditApi: apiUrl };
const activities = createFeedbackActivities({
  ...{ db, pollers: createFeedbackPollers(urls), redditSubreddits: [], newId: () => ulid() },
  secrets: { read: () => Promise.resolve('token') },
});
const info = { workflowExecution: { workflowId: 'feedback/default/gh', runId: 'run' } };
const environment = new MockActivityEnvironment(info);
let outcome = 'more';
while (outcome === 'more') {
  const input = { source: 'gh', part: 'acme/shop' };
  const step = await inProject('default', () => environment.run(activities.readPart, input));
  outcome = (step as ReadEnd).outcome;
}
await db.destroy();
