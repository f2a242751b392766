import type { FeedbackSettings, FeedbackSourceKind } from '../../contracts/feedback-source.ts';

export interface SourceFault {
  readonly pointer: string;
  readonly detail: string;
}

type Part = Exclude<keyof FeedbackSettings, 'token' | 'every'>;

/** What a poller of this kind reads; null: it is told, and reads nothing itself. */
export const readsOf: Readonly<Record<FeedbackSourceKind, Part | null>> = {
  ...{ github: 'repositories', gitlab: 'projects', reddit: 'subreddits' },
  ...{ sentry: null, slack: null, alertmanager: null, datadog: null, posthog: null, splunk: null },
  manual: null,
};

const parts: readonly Part[] = ['repositories', 'projects', 'subreddits'];

/** What no schema can say about a source. */
export function sourceFaults(kind: FeedbackSourceKind, settings: FeedbackSettings): SourceFault[] {
  const own = readsOf[kind];
  const foreign = parts.filter((part) => part !== own && settings[part] !== undefined);
  const faults = foreign.map((part) => ({
    pointer: `/settings/${part}`,
    detail: `is not for a source of kind ${kind}`,
  }));
  if (own !== null) return faults;
  for (const part of ['token', 'every'] as const) {
    if (settings[part] === undefined) continue;
    faults.push({ pointer: `/settings/${part}`, detail: `is for what polls; ${kind} delivers by itself` });
  }
  return faults;
}
