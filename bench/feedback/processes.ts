import { spawn, type ChildProcess } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { type Agent, request } from 'node:http';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ulid } from 'ulid';
import { ensureInstallationKey } from '../../db/access/first-keys.ts';
import { newSecret } from '../../db/access/secret.ts';
import type { Db } from '../../db/connect.ts';
import { freePort } from '../../infra/net/ports.ts';

const root = path.resolve(import.meta.dirname, '../..');
const webhookSecret = 'only-of-this-run';

export interface Place {
  readonly folder: string;
  readonly databaseUrl: string;
  readonly temporal: { readonly address: string; readonly namespace: string };
}

/** A process that can be killed and started again, on the same ports. */
export interface Killable {
  readonly pid: number;
  /** It ended, and nobody has killed it. */
  hasDied(): boolean;
  start(): Promise<void>;
  kill(): Promise<void>;
  stop(): Promise<void>;
}

export interface FeedbackProcesses {
  readonly api: Killable;
  readonly worker: Killable;
  readonly base: string;
}

/** API and worker as processes of their own, on a database and a Temporal that are there. */
export async function feedbackProcesses(place: Place): Promise<FeedbackProcesses> {
  const [apiPort, metricsPort, sdkPort] = [await freePort(), await freePort(), await freePort()];
  const env = {
    ...process.env,
    HOLDFAST_HOME: place.folder,
    DATABASE_URL: place.databaseUrl,
    TEMPORAL_ADDRESS: place.temporal.address,
    TEMPORAL_NAMESPACE: place.temporal.namespace,
    HOLDFAST_API_PORT: String(apiPort),
    HOLDFAST_METRICS_PORT: String(metricsPort),
    HOLDFAST_SDK_METRICS_PORT: String(sdkPort),
    LOG_LEVEL: 'fatal',
    FEEDBACK_WEBHOOK_SECRET: webhookSecret,
  };
  const base = `http://127.0.0.1:${apiPort}`;
  return {
    base,
    api: killable('api/server.ts', env, `${base}/livez`),
    worker: killable('workers/main.ts', env, `http://127.0.0.1:${metricsPort}/readyz`),
  };
}

function killable(script: string, env: NodeJS.ProcessEnv, health: string): Killable {
  let child: ChildProcess | null = null;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const dying = child;
    child = null;
    if (dying === null || dying.exitCode !== null || dying.signalCode !== null) return;
    const gone = once(dying, 'exit');
    dying.kill(signal);
    await gone;
  };
  return {
    hasDied: () => child !== null && (child.exitCode !== null || child.signalCode !== null),
    get pid() {
      return child?.pid ?? 0;
    },
    async start() {
      for (let tries = 0; ; tries += 1) {
        child = spawn(process.execPath, [path.join(root, script)], {
          stdio: ['ignore', 'ignore', 'inherit'],
          env,
        });
        if (await isHealthy(health, child)) return;
        await end('SIGKILL');
        if (tries >= 20) throw new Error(`${script} did not come up`);
        await delay(200);
      }
    },
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  };
}

async function isHealthy(url: string, child: ChildProcess): Promise<boolean> {
  const until = Date.now() + 30_000;
  while (Date.now() < until && child.exitCode === null && child.signalCode === null) {
    const answer = await fetch(url).catch(() => null);
    if (answer?.ok === true) return true;
    await delay(50);
  }
  return false;
}

/** A key of an admin of the installation. */
export async function adminKey(db: Db): Promise<string> {
  const secret = newSecret();
  const owner = { principal: 'bench', kind: 'person' as const, role: 'admin' as const, scopes: null };
  await ensureInstallationKey(db, { id: ulid(), secret, name: 'bench', ...owner });
  return secret;
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
