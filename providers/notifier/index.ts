import type { PrivateAddresses } from './address.ts';
import { createEmailNotifier } from './email.ts';
import type { Notifiers } from './notifier.ts';
import { createSlackNotifier } from './slack.ts';
import { createWebhookNotifier } from './webhook.ts';

export interface NotifiersConfig {
  readonly privateAddresses: PrivateAddresses;
  readonly slackApiUrl: string;
}

/** Every way to tell people, by the name that channels use. */
export function createNotifiers({ privateAddresses, slackApiUrl }: NotifiersConfig): Notifiers {
  return {
    webhook: createWebhookNotifier({ privateAddresses }),
    slack: createSlackNotifier({ apiUrl: slackApiUrl }),
    email: createEmailNotifier(),
  };
}
