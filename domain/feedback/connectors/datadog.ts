import { ignored, reportOf, reports, type Connector } from './connector.ts';
import { factsOf, textAt, timeAt } from './fields.ts';

/**
 * Webhooks of Datadog. Their payload is what the caller makes it, so docs/feedback.md has the one to paste; Datadog signs nothing, the
 * token is a custom header.
 */
export const datadog: Connector = {
  proof: { kind: 'token', headers: ['x-holdfast-token'] },
  deliveryId({ body }) {
    const [cycle, transition] = [textAt(body, 'alert_cycle_key'), textAt(body, 'alert_transition')];
    if (cycle === null || transition === null) return textAt(body, 'id');
    return [cycle, transition, textAt(body, 'id') ?? ''].join('/');
  },
  read({ body, now }) {
    const title = textAt(body, 'title');
    const id = textAt(body, 'alert_cycle_key') ?? textAt(body, 'aggreg_key') ?? textAt(body, 'id');
    if (title === null || id === null) return ignored;
    const tags = (textAt(body, 'tags') ?? '').split(',').filter((tag) => tag !== '');
    const tagged = (name: string): string | null =>
      tags.find((tag) => tag.startsWith(`${name}:`))?.slice(name.length + 1) ?? null;
    return reports(
      reportOf({
        ...{ externalId: id, kind: 'error', nature: 'state', title },
        createdAt: timeAt(body, 'date') ?? now,
        body: textAt(body, 'body') ?? '',
        url: textAt(body, 'link'),
        status: /recover/i.test(textAt(body, 'alert_transition') ?? '') ? 'closed' : 'open',
        labels: tags,
        service: tagged('service'),
        release: tagged('version'),
        metadata: factsOf({ level: textAt(body, 'alert_type'), priority: textAt(body, 'priority') }),
      }),
    );
  },
};
