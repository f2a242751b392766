import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiUnderTest, type ApiUnderTest } from '../api/support.ts';
import { seeded } from '../redaction/seeds.ts';
import { alert, githubEvent, githubIssue, sentryEvent, slackMessage } from './payloads.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await apiUnderTest();
});
afterAll(() => api.close());

const said = seeded.map(([, secret, around = (it: string) => `It said ${it}, then it broke.`]) => ({
  secret,
  text: around(secret),
}));

/** The text in every place that a person or a program may write to. */
const payloads: Readonly<Record<string, (text: string, n: number) => unknown>> = {
  github: (text, id) => githubEvent(githubIssue({ id, title: text, body: text, labels: [{ name: text }] })),
  gitlab: (text, id) => ({
    object_kind: 'issue',
    object_attributes: { id, iid: 2, title: text, description: text, url: `https://e.org/?q=${text}` },
    labels: [{ title: text }],
  }),
  sentry: (text, n) =>
    sentryEvent({
      ...{ event_id: `event-${n}`, issue_id: String(n) },
      ...{ message: text, culprit: text, fingerprint: [text], server_name: text },
      exception: { values: [{ type: 'E', value: text, stacktrace: { frames: [{ function: text }] } }] },
    }),
  slack: (text, n) => slackMessage({ text, ts: `${n}.0` }, `Ev${n}`),
  alertmanager: (text, n) => ({
    alerts: [
      alert({
        fingerprint: `f${n}`,
        annotations: { summary: text, description: text },
        labels: { note: text },
      }),
    ],
  }),
  datadog: (text) => ({ title: text, body: text, tags: text, id: text, link: text, priority: text }),
  posthog: (text) => ({
    uuid: text,
    event: '$exception',
    properties: { $exception_message: text, $exception_fingerprint: text },
  }),
  splunk: (text) => ({ search_name: text, sid: text, result: { _raw: text, host: text } }),
  manual: (text) => ({ title: text, body: text, externalId: text, service: text, labels: [text] }),
};
const headers: Readonly<Record<string, Record<string, string>>> = {
  github: { 'x-github-event': 'issues' },
  sentry: { 'sentry-hook-resource': 'event_alert' },
};

test.each(Object.keys(payloads))(
  'none of the seeded secrets and personal data that %s tells is stored anywhere',
  { timeout: 60_000 },
  async (kind) => {
    await api.call('PUT', `sources/${kind}`, { kind });
    for (const [n, { text }] of said.entries()) {
      const answer = await api.call('POST', `ingest/${kind}`, payloads[kind]?.(text, n), headers[kind]);
      expect(answer.status).toBe(202);
    }

    const stored = await allText();

    expect(said.map(({ secret }) => secret).filter((secret) => stored.includes(secret))).toEqual([]);
    expect(stored.includes('[aws-access-key]')).toBe(true);
  },
);

test('what people type and upload is stored without them as well', async () => {
  const { text } = said[0] ?? { text: '' };
  const posted = await api.call('POST', 'feedback', { title: text.slice(0, 900), body: text });
  await api.call('PUT', `feedback/${posted.body.id}`, {
    ...{
      title: 'x',
      body: said.map((each) => each.text).join('\n\n'),
      status: 'open',
      labels: ['ann@example.org'],
    },
  });
  const rows = said.map((each) => JSON.stringify({ title: each.text, body: each.text })).join('\n');
  await api.call('POST', 'ingest/upload', rows, { 'content-type': 'application/x-ndjson' });

  const stored = await allText();

  expect(said.map(({ secret }) => secret).filter((secret) => stored.includes(secret))).toEqual([]);
  expect(stored.includes('ann@example.org')).toBe(false);
});

/** Every row of every table of the capability, with all its columns. */
async function allText(): Promise<string> {
  const { rows: tables } = await sql<{ name: string }>`
    select table_name as name from information_schema.tables
    where table_schema = 'public' and (table_name like 'feedback%' or table_name in ('audit_entry', 'idempotency_key'))`.execute(
    api.db,
  );
  expect(tables.length).toBeGreaterThan(5);
  const texts = await Promise.all(
    tables.map(async ({ name }) => {
      const { rows } = await sql<{ row: string }>`select t::text as row from ${sql.table(name)} t`.execute(
        api.db,
      );
      return rows.map(({ row }) => row.replaceAll('""', '"').replaceAll('\\\\', '\\')).join('\n');
    }),
  );
  return texts.join('\n');
}
