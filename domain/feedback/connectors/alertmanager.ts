import type { Report } from '../report.ts';
import { ignored, reportOf, reports, type Connector } from './connector.ts';
import { factsOf, listAt, textAt, timeAt, valueAt } from './fields.ts';

/** The webhook of Prometheus' Alertmanager: each alert of the group is a report, resolved ones are closed. */
export const alertmanager: Connector = {
  proof: { kind: 'token', headers: [] },
  deliveryId: () => null,
  read({ body, now }) {
    const found = listAt(body, 'alerts').flatMap((alert) => readAlert(alert, now) ?? []);
    return found.length === 0 ? ignored : reports(...found);
  },
};

function readAlert(alert: unknown, now: string): Report | null {
  const name = textAt(alert, 'labels', 'alertname');
  const id = textAt(alert, 'fingerprint') ?? name;
  if (id === null) return null;
  const isResolved = textAt(alert, 'status') === 'resolved';
  const createdAt = timeAt(alert, 'startsAt') ?? now;
  const labels = Object.entries((valueAt(alert, 'labels') ?? {}) as Record<string, unknown>);
  return reportOf({
    ...{ externalId: id, kind: 'error', nature: 'state', createdAt },
    title: textAt(alert, 'annotations', 'summary') ?? name ?? id,
    body: textAt(alert, 'annotations', 'description') ?? textAt(alert, 'annotations', 'message') ?? '',
    url: textAt(alert, 'generatorURL'),
    status: isResolved ? 'closed' : 'open',
    labels: labels.map(([label, value]) => `${label}=${String(value)}`),
    service: textAt(alert, 'labels', 'service') ?? textAt(alert, 'labels', 'job'),
    release: textAt(alert, 'labels', 'version'),
    // The same alert is told again for as long as it burns, with the time at which it began.
    updatedAt: isResolved ? (timeAt(alert, 'endsAt') ?? now) : createdAt,
    metadata: factsOf({ level: textAt(alert, 'labels', 'severity'), alertname: name }),
  });
}
