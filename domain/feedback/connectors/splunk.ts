import { ignored, reportOf, reports, type Connector } from './connector.ts';
import { factsOf, textAt, timeAt, valueAt } from './fields.ts';

/** The webhook action of Splunk: each time a saved search alerts is an event of that search. */
export const splunk: Connector = {
  proof: { kind: 'token', headers: ['x-holdfast-token'] },
  // A search that alerts for each result tells them all under one sid: then the bytes tell them apart.
  deliveryId({ body }) {
    const sid = textAt(body, 'sid');
    return sid === null ? null : `content/${sid} ${JSON.stringify(valueAt(body, 'result') ?? null)}`;
  },
  read({ body, now }) {
    const search = textAt(body, 'search_name');
    if (search === null) return ignored;
    const result = valueAt(body, 'result');
    return reports(
      reportOf({
        ...{ externalId: `${textAt(body, 'app') ?? ''}/${search}`, kind: 'error', nature: 'event' },
        ...{ title: search, createdAt: timeAt(result, '_time') ?? now, body: bodyOf(result) },
        url: textAt(body, 'results_link'),
        service: textAt(result, 'service') ?? textAt(result, 'host'),
        metadata: factsOf({ app: textAt(body, 'app'), level: textAt(result, 'level') }),
      }),
    );
  },
};

function bodyOf(result: unknown): string {
  const raw = textAt(result, '_raw');
  if (raw !== null || typeof result !== 'object' || result === null) return raw ?? '';
  const fields = Object.entries(result).filter(([name]) => !name.startsWith('_'));
  return fields.map(([name, value]) => `${name}=${String(value)}`).join('\n');
}
