import { expect, test } from 'vitest';
import type { FeedbackSourceKind } from '../../../contracts/feedback-source.ts';
import { connectors } from '../../../domain/feedback/connectors/index.ts';
import type { Report } from '../../../domain/feedback/report.ts';
import { sentryEvent } from '../payloads.ts';

const now = '2026-11-20T10:00:00.000Z';
type Headers = Record<string, string>;
const read = (kind: FeedbackSourceKind, body: unknown, headers: Headers = {}) =>
  connectors[kind]?.read({ body, headers, now });
const idOf = (kind: FeedbackSourceKind, body: unknown, headers: Headers = {}) =>
  connectors[kind]?.deliveryId({ body, headers, now });

const cases: readonly [string, FeedbackSourceKind, unknown, Headers, Partial<Report>][] = [
  [
    'an issue of GitLab',
    'gitlab',
    {
      object_kind: 'issue',
      object_attributes: {
        ...{ id: 301, iid: 23, title: 'New API', description: 'Create it', state: 'closed' },
        ...{ created_at: '2026-11-03 17:15:43 UTC', updated_at: '2026-11-04T17:15:43Z' },
      },
      project: { path_with_namespace: 'acme/shop' },
      labels: [{ title: 'API' }],
    },
    {},
    {
      ...{ externalId: '301', title: 'New API', body: 'Create it', status: 'closed', labels: ['API'] },
      metadata: { project: 'acme/shop', number: '23' },
    },
  ],
  [
    'a resolved issue of Sentry',
    'sentry',
    { action: 'resolved', data: { issue: { id: '1', title: 'E: x', status: 'resolved', level: 'error' } } },
    { 'sentry-hook-resource': 'issue', 'sentry-hook-timestamp': '1795168988' },
    { externalId: '1', nature: 'state', status: 'closed', updatedAt: '2026-11-20T10:03:08.000Z' },
  ],
  [
    'an error of Sentry without an exception',
    'sentry',
    { data: { error: { event_id: 'e', issue_id: '9', logentry: { formatted: 'disk is full' } } } },
    { 'sentry-hook-resource': 'error' },
    { externalId: '9', nature: 'event', title: 'disk is full', exception: null, createdAt: now },
  ],
  [
    'an alert of Datadog that is over',
    'datadog',
    {
      ...{ title: '[Recovered] CPU', alert_cycle_key: '77', alert_transition: 'Recovered', id: '5' },
      ...{ date: '1795168988000', tags: 'service:shop,version:1.2', body: 'fine again' },
    },
    {},
    {
      ...{ externalId: '77', status: 'closed', service: 'shop', release: '1.2', kind: 'error' },
      updatedAt: '2026-11-20T10:03:08.000Z',
    },
  ],
  [
    'an exception of PostHog',
    'posthog',
    {
      event: {
        ...{ uuid: 'u1', event: '$exception', timestamp: '2026-11-20T09:00:00Z' },
        properties: { $exception_list: [{ type: 'TypeError', value: 'x is undefined' }] },
      },
    },
    {},
    {
      ...{ kind: 'error', nature: 'event', title: 'TypeError: x is undefined' },
      exception: { type: 'TypeError', message: 'x is undefined', stack: null },
    },
  ],
  [
    'an answer to a survey of PostHog',
    'posthog',
    { uuid: 'u2', event: 'survey sent', properties: { $survey_response: 'Too slow', $survey_name: 'NPS' } },
    {},
    { kind: 'feedback', title: 'Too slow', body: 'NPS', createdAt: now },
  ],
  [
    'a search of Splunk',
    'splunk',
    {
      sid: 's1',
      search_name: 'Errors',
      app: 'search',
      result: { host: 'web-1', count: 3, _time: '1795168988' },
    },
    {},
    { externalId: 'search/Errors', nature: 'event', body: 'host=web-1\ncount=3', service: 'web-1' },
  ],
];

test.each(cases)('%s is read', (_name, kind, body, headers, expected) => {
  const reading = read(kind, body, headers);

  expect(reading).toMatchObject({ kind: 'reports', reports: [expected] });
});

test('a stack of Sentry has the innermost frame first, and only those of the project where it says which', () => {
  const reading = read('sentry', sentryEvent(), { 'sentry-hook-resource': 'event_alert' });

  expect(reading).toMatchObject({
    reports: [
      {
        title: 'ReferenceError: blooopy is not defined',
        exception: { stack: 'ReferenceError: blooopy is not defined\n    at checkout (src/cart.js:5:3)' },
      },
    ],
  });
});

test.each<[string, FeedbackSourceKind, unknown, Headers, string | null]>([
  ['GitHub', 'github', {}, { 'x-github-delivery': 'g1' }, 'g1'],
  ['GitLab, that sends it again', 'gitlab', {}, { 'idempotency-key': 'k', 'x-gitlab-event-uuid': 'u' }, 'k'],
  ['an older GitLab', 'gitlab', {}, { 'x-gitlab-event-uuid': 'u' }, 'u'],
  ['Sentry, of an issue', 'sentry', {}, { 'request-id': 'r', 'sentry-hook-resource': 'issue' }, 'r'],
  ['Slack', 'slack', { event_id: 'Ev1' }, {}, 'Ev1'],
  [
    'Datadog',
    'datadog',
    { alert_cycle_key: '7', alert_transition: 'Triggered', id: '9' },
    {},
    '7/Triggered/9',
  ],
  ['PostHog', 'posthog', { event: { uuid: 'u', event: 'x' } }, {}, 'u'],
  ['Splunk, one for each result', 'splunk', { sid: 's', result: { a: 1 } }, {}, 'content/s {"a":1}'],
  ['Alertmanager, that has none', 'alertmanager', { alerts: [] }, {}, null],
])('the delivery id of %s', (_name, kind, body, headers, id) => {
  expect(idOf(kind, body, headers)).toBe(id);
});
