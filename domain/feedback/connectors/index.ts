import type { FeedbackSourceKind } from '../../../contracts/feedback-source.ts';
import { alertmanager } from './alertmanager.ts';
import type { Connector } from './connector.ts';
import { datadog } from './datadog.ts';
import { github } from './github.ts';
import { gitlab } from './gitlab.ts';
import { manual } from './manual.ts';
import { posthog } from './posthog.ts';
import { sentry } from './sentry.ts';
import { slack } from './slack.ts';
import { splunk } from './splunk.ts';

/** What understands the deliveries of each kind of source; null: nobody delivers, it is read by polling. */
export const connectors: Readonly<Record<FeedbackSourceKind, Connector | null>> = {
  ...{ github, gitlab, sentry, slack, alertmanager, datadog, posthog, splunk, manual },
  reddit: null,
};
