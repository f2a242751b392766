import { afterAll, beforeAll, expect, test } from 'vitest';
import { ulid } from 'ulid';
import { buildApp } from '../../api/app.ts';
import type { App } from '../../api/dependencies.ts';
import { createWakeClustering } from '../../api/feedback-clustering/wake.ts';
import type { LanguageModel } from '../../providers/llm/language-model.ts';
import { keyOfPerson } from '../support/access.ts';
import { houseForFile } from '../support/rollout-house/for-file.ts';

/** Answers only when it is let go. */
let letGo: (answer: string) => void = () => undefined;
let asked = 0;
const languageModel: LanguageModel = {
  name: 'test/slow',
  complete: (_, signal) => {
    asked += 1;
    return new Promise((resolve, reject) => {
      letGo = resolve;
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    });
  },
};
const house = houseForFile({ languageModel });
const within = { timeout: 20_000, interval: 50 };
let app: App;
let key: string;

beforeAll(async () => {
  const { client, worker, db } = house();
  const notifications = { on: () => () => undefined, close: () => Promise.resolve() };
  const common = { db: worker.db, temporal: () => client, taskQueue: 'operations' };
  app = await buildApp({ ...common, notifications, wakeClustering: createWakeClustering(common) });
  key = await keyOfPerson(db, 'ada');
});
afterAll(() => app.close());

test('while a model thinks about a name, clustering goes on; then the cluster has it', async () => {
  await tell('The export to CSV fails', 'The export to CSV fails again');
  await expect.poll(() => asked, within).toBe(1);
  await tell('The export to CSV fails today');
  await expect.poll(titles, within).toEqual([[3, expect.stringMatching(/^The export to CSV fails/)]]);

  letGo(JSON.stringify({ title: 'CSV export breaks', summary: 'Several users cannot export.' }));

  await expect.poll(titles, within).toEqual([[3, 'CSV export breaks']]);
  expect(asked).toBe(1);
});

async function titles(): Promise<unknown[]> {
  const answer = await call('GET', '/clusters');
  return answer
    .json<{ items: { size: number; title: string }[] }>()
    .items.map((one) => [one.size, one.title]);
}

async function tell(...reports: readonly string[]): Promise<void> {
  for (const title of reports)
    expect((await call('POST', '/feedback', { title })).statusCode).toBeLessThan(300);
}

function call(method: 'GET' | 'POST', url: string, payload?: object) {
  const headers = { authorization: `Bearer ${key}`, 'idempotency-key': ulid() };
  return app.inject({ method, url: `/v1/projects/default${url}`, headers, payload });
}
