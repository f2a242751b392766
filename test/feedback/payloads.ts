import { createHmac } from 'node:crypto';

/** What vendors send, cut to what is read of it; the shapes are those of their documentation. */

export function githubIssue(overrides: Record<string, unknown> = {}) {
  return {
    id: 73464126,
    number: 2,
    title: 'Spelling error in the README file',
    body: 'It says "commited".',
    state: 'open',
    html_url: 'https://github.com/baxterthehacker/public-repo/issues/2',
    labels: [{ name: 'bug' }],
    created_at: '2026-11-05T23:40:28Z',
    updated_at: '2026-11-05T23:40:28Z',
    ...overrides,
  };
}

export const githubEvent = (issue: object, action = 'opened') => ({
  ...{ action, issue, repository: { full_name: 'baxterthehacker/public-repo' } },
});

/** The event of an exception: Sentry gives it no title of its own. */
export function sentryEvent(overrides: Record<string, unknown> = {}) {
  return {
    action: 'triggered',
    data: {
      event: {
        event_id: 'e4874d664c3540c1a32eab185f12c5ab',
        issue_id: '1117540176',
        datetime: '2026-11-19T22:23:08.000000Z',
        level: 'error',
        release: 'shop@1.4.2',
        web_url: 'https://sentry.example.org/organizations/acme/issues/1117540176/events/e4874d66/',
        culprit: '?(runtime-errors)',
        exception: {
          values: [
            {
              type: 'ReferenceError',
              value: 'blooopy is not defined',
              stacktrace: {
                frames: [
                  {
                    function: 'run',
                    filename: 'node_modules/lib/run.js',
                    lineno: 9,
                    colno: 1,
                    in_app: false,
                  },
                  { function: 'checkout', filename: 'src/cart.js', lineno: 5, colno: 3, in_app: true },
                ],
              },
            },
          ],
        },
        tags: [['environment', 'production']],
        ...overrides,
      },
    },
  };
}

export const alert = (overrides: Record<string, unknown> = {}) => ({
  status: 'firing',
  labels: { alertname: 'HighErrorRate', service: 'shop', severity: 'critical' },
  annotations: { summary: 'Errors of shop are high', description: '12 % for 5 minutes' },
  startsAt: '2026-11-20T10:00:00Z',
  endsAt: '0001-01-01T00:00:00Z',
  generatorURL: 'https://prometheus.example.org/graph',
  fingerprint: 'c1cbb8d2a2a3a1c2',
  ...overrides,
});

export const slackMessage = (overrides: Record<string, unknown> = {}, eventId = 'Ev123') => ({
  type: 'event_callback',
  team_id: 'T1',
  event_id: eventId,
  event: {
    type: 'message',
    channel: 'C1',
    user: 'U1',
    text: 'The export fails\nsince noon',
    ts: '1795255200.000100',
    ...overrides,
  },
});

export const hmac = (secret: string, ...parts: string[]): string =>
  createHmac('sha256', secret).update(parts.join('')).digest('hex');
