import { startMailServer } from '../support/receivers/mail.ts';
import type { Receiver } from '../support/receivers/receiver.ts';
import { startFakeSlack } from '../support/receivers/slack.ts';
import { startWebhookReceiver } from '../support/receivers/webhook.ts';
import { needleOf, type Needle } from './needles.ts';

const signing = `whsec_${Buffer.from('planted-key-that-signs-webhooks-5e1d').toString('base64')}`;
const token = 'xoxb-planted-token-of-a-bot-a81c';
const mailPassword = 'planted/mail password-b0b5';

/** Those who are told what happens, each with a planted secret. */
export interface Told {
  readonly receivers: readonly Receiver[];
  /** What the worker needs to know. */
  readonly env: Readonly<Record<string, string>>;
  readonly needles: readonly Needle[];
  /** Arguments of `holdfast notifications channel add`, one list a channel. */
  readonly channels: readonly (readonly string[])[];
  close(): Promise<void>;
}

/** `other` refers to a secret that is none of the kind that Slack takes. */
export async function startTold(other: string): Promise<Told> {
  const webhook = await startWebhookReceiver(signing);
  const slack = await startFakeSlack(token);
  const mail = await startMailServer({}, mailPassword);
  const receivers = [webhook, slack, mail];
  const channel = (name: string, kind: string, target: string, secret: string): string[] => [
    ...[name, '--kind', kind, '--target', target],
    ...['--secret', secret],
  ];
  return {
    receivers,
    env: {
      SIGNING: signing,
      BOT: token,
      MAIL: mail.secret,
      HOLDFAST_SLACK_API_URL: slack.apiUrl,
      HOLDFAST_NOTIFICATION_PRIVATE_ADDRESSES: 'loopback',
    },
    needles: [
      needleOf('signing key', signing),
      needleOf('token', token),
      needleOf('mail password', mailPassword),
    ],
    channels: [
      channel('ops', 'webhook', webhook.target, 'env:SIGNING'),
      channel('people', 'slack', slack.target, 'env:BOT'),
      channel('letters', 'email', mail.target, 'env:MAIL'),
      channel('wrong', 'slack', slack.target, other),
      channel('missing', 'webhook', webhook.target, 'env:NOT_THERE'),
    ],
    async close() {
      await Promise.all(receivers.map((receiver) => receiver.close()));
    },
  };
}
