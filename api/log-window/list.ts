import { Type } from 'typebox';
import { ref } from '../../contracts/common.ts';
import { LogWindowList, LogWindowSize } from '../../contracts/log-window.ts';
import { listTemplateWindows, type TemplateWindows, type WindowRange } from '../../db/log-window/list.ts';
import { OpsError } from '../../domain/errors.ts';
import { distinctOf } from '../../domain/log-window/distinct-count.ts';
import { quantileOf } from '../../domain/log-window/quantile-sketch.ts';
import { type WindowSize, windowStart } from '../../domain/log-window/window-size.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { Limit, problems, ProjectParams } from '../schemas.ts';

const hourMs = 3_600_000;
const time = (text: string) => Type.Optional(Type.String({ format: 'date-time', description: text }));

/** What kinds of lines there were, in a range of time. */
export function registerList(app: App, { db }: ApiDependencies): void {
  app.get(
    '/log-windows',
    {
      config: { needs: 'log-window:read' },
      schema: {
        tags: ['log-windows'],
        summary: 'Kinds of log lines in a range of time, most errors first',
        params: ProjectParams,
        querystring: Type.Object({
          service: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
          template: Type.Optional(Type.String({ pattern: '^[0-9a-f]{24}$' })),
          from: time('Left out: an hour before the end'),
          to: time('Left out: now'),
          size: Type.Optional(LogWindowSize),
          limit: Limit,
        }),
        response: { 200: ref(LogWindowList), ...problems },
      },
    },
    async ({ params, query }): Promise<LogWindowList> => {
      const { service = null, template = null, limit = 50 } = query;
      const range = rangeOf(query);
      const found = await listTemplateWindows(db, { project: params.project, service, template, ...range });
      const { from, to, size } = range;
      const items = found.slice(0, limit).map(itemOf);
      return { from: from.toISOString(), to: to.toISOString(), size, items };
    },
  );
}

interface Asked {
  readonly from?: string;
  readonly to?: string;
  readonly size?: WindowSize;
}

/** From the beginning of a window on, so that the first one is whole. */
function rangeOf(asked: Asked): Pick<WindowRange, 'from' | 'to' | 'size'> {
  const toMs = asked.to === undefined ? Date.now() : Date.parse(asked.to);
  const fromMs = asked.from === undefined ? toMs - hourMs : Date.parse(asked.from);
  if (!(fromMs < toMs))
    throw new OpsError('invalid-input', 'from is not before to: give the earlier time as from', {
      errors: [{ pointer: 'querystring/from', detail: 'is not before to' }],
    });
  const { size = usualSize(toMs - fromMs) } = asked;
  return { from: new Date(windowStart(fromMs, size)), to: new Date(toMs), size };
}

function usualSize(rangeMs: number): WindowSize {
  if (rangeMs <= hourMs / 4) return '10s';
  if (rangeMs <= 2 * hourMs) return '1m';
  return rangeMs <= 24 * hourMs ? '5m' : '1h';
}

function itemOf({ id, text, whole, series, ...names }: TemplateWindows): LogWindowList['items'][number] {
  const { count, errors, users, firstMs, lastMs, exemplars } = whole;
  return {
    template: { id, text },
    ...{ count, errors, users: distinctOf(users), ...names },
    latency: latencyOf(whole),
    firstSeen: new Date(firstMs).toISOString(),
    lastSeen: new Date(lastMs).toISOString(),
    exemplars: exemplars.map(({ message, atMs }) => ({ at: new Date(atMs).toISOString(), message })),
    windows: series.map((one) => ({ start: one.at.toISOString(), count: one.count, errors: one.errors })),
  };
}

function latencyOf({ latency }: TemplateWindows['whole']): LogWindowList['items'][number]['latency'] {
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((q) => quantileOf(latency, q));
  if (p50 == null || p95 == null || p99 == null) return null;
  return { p50: rounded(p50), p95: rounded(p95), p99: rounded(p99) };
}

function rounded(ms: number): number {
  return Number(ms.toPrecision(4));
}
