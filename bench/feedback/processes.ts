import { createHmac } from 'node:crypto';
import { type Agent, request } from 'node:http';
import { platformProcesses, type Place, type PlatformProcesses } from '../processes.ts';

const webhookSecret = 'only-of-this-run';

/** API and worker with the secret that webhooks are signed with. */
export function feedbackProcesses(place: Place): Promise<PlatformProcesses> {
  return platformProcesses(place, { env: { FEEDBACK_WEBHOOK_SECRET: webhookSecret } });
}

/** Registers a source of GitHub webhooks under the name `issues`. */
export async function registerSource(base: string, key: string): Promise<void> {
  const answer = await fetch(`${base}/v1/projects/default/sources/issues`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ kind: 'github', secret: 'env:FEEDBACK_WEBHOOK_SECRET' }),
  });
  if (!answer.ok) throw new Error(`the source was refused: ${answer.status} ${await answer.text()}`);
}

export interface Issue {
  readonly number: number;
  readonly title: string;
  readonly body: string;
}

export interface Webhook {
  readonly delivery: string;
  readonly body: string;
  readonly signature: string;
}

/** A delivery as GitHub sends it when an issue was opened. */
export function issueWebhook({ number, title, body }: Issue, delivery: string): Webhook {
  const at = new Date(Date.UTC(2026, 0, 1) + number * 1000).toISOString();
  const text = JSON.stringify({
    action: 'opened',
    repository: { full_name: 'acme/shop' },
    issue: {
      ...{ id: 1_000_000 + number, number, title, body, state: 'open', labels: [] },
      ...{ html_url: `https://example.org/acme/shop/issues/${number}`, created_at: at, updated_at: at },
    },
  });
  const signature = `sha256=${createHmac('sha256', webhookSecret).update(text).digest('hex')}`;
  return { delivery, body: text, signature };
}

/** Sends it once; answers the status, or null when nobody answered. */
export function sendWebhook(
  agent: Agent,
  base: string,
  { delivery, body, signature }: Webhook,
): Promise<number | null> {
  return new Promise((resolve) => {
    const outgoing = request(
      `${base}/v1/projects/default/ingest/issues`,
      {
        ...{ method: 'POST', agent, timeout: 10_000 },
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          'x-github-event': 'issues',
          'x-github-delivery': delivery,
          'x-hub-signature-256': signature,
        },
      },
      (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode ?? null));
        response.once('error', () => resolve(null));
      },
    );
    outgoing.once('timeout', () => outgoing.destroy());
    outgoing.once('error', () => resolve(null));
    outgoing.end(body);
  });
}
