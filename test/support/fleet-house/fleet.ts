import { createHash } from 'node:crypto';
import { ulid } from 'ulid';
import type { ConfigReport, ProxyWindow } from '../../../contracts/config-bundle.ts';
import type { ConfigDocument } from '../../../contracts/config-document.ts';
import type { EnvironmentSettings } from '../../../contracts/config-revision.ts';
import type { Db } from '../../../db/connect.ts';
import { keepReports } from '../../../db/config-rollout/keep-reports.ts';
import { revisionOf } from '../../../domain/config-document/revision.ts';
import { renderConfigDocument } from '../../../domain/config-document/render/render.ts';
import { shop } from '../../config-document/documents.ts';

/** What the twin of an agent does with an order to go forth; it always goes back. `silent` says nothing any more; `slow` has not decided yet. */
export type Behaviour = 'prove' | 'refuse' | 'restore' | 'silent' | 'slow';

/** What the twin of an agent counts from its log. */
export type Traffic = Pick<ProxyWindow, 'requests' | 'errors' | 'latency'>;

export interface Fleet {
  readonly environment: string;
  /** Names in the order of the sticky hash do not matter here: they are sorted. */
  readonly proxies: readonly string[];
  /** Writes a revision whose one answer says `text`, and makes it the head. */
  write(text: string, change?: (document: ConfigDocument) => ConfigDocument): Promise<string>;
  configure(settings: EnvironmentSettings): Promise<void>;
  behave(proxy: string, behaviour: Behaviour): void;
  /** What it counts from now on, in each window. */
  carry(proxy: string, traffic: Traffic | null): void;
  /** Revision that each proxy runs, by its own last report; null: none. */
  running(): Promise<Record<string, string | null>>;
  /** The orders that a proxy was given, as revisions, in order. */
  history(proxy: string): readonly (string | null)[];
  enrol(region?: string, labels?: Record<string, string>): Promise<string>;
  close(): void;
}

const everyMs = 40;
const windowMs = 200;

/** An environment with twins of proxy agents on the database: they read their orders and report as the API would keep it. */
export async function makeFleet(
  db: Db,
  members: readonly { region?: string; labels?: Record<string, string> }[],
): Promise<Fleet> {
  const environment = `env-${ulid().toLowerCase()}`;
  const place = { project: 'default', environment };
  await db.insertInto('config_environment').values({ project: 'default', name: environment }).execute();
  const behaviours = new Map<string, Behaviour>();
  const traffics = new Map<string, Traffic | null>();
  const taken = new Map<string, Order[]>();
  const toldAt = new Map<string, number>();
  const proxies: string[] = [];
  let closed = false;

  async function enrol(region?: string, labels: Record<string, string> = {}): Promise<string> {
    const proxy = `${environment.slice(4, 30)}-${proxies.length}`;
    proxies.push(proxy);
    const { live_sequence: sequence } = await db
      .selectFrom('config_environment')
      .select('live_sequence')
      .where('name', '=', environment)
      .executeTakeFirstOrThrow();
    await db
      .insertInto('fleet_proxy')
      .values({
        ...{ proxy, ...place, region: region ?? null, labels: JSON.stringify(labels), state: 'enrolled' },
        ...{ invited_by: 'ann', enrolled_at: new Date(), sequence },
      })
      .execute();
    return proxy;
  }

  async function turn(): Promise<void> {
    const rows = await db
      .selectFrom('fleet_proxy as f')
      .innerJoin('config_order as o', (join) =>
        join
          .onRef('o.project', '=', 'f.project')
          .onRef('o.environment', '=', 'f.environment')
          .onRef('o.sequence', '=', 'f.sequence'),
      )
      .select(['f.proxy', 'o.sequence', 'o.revision', 'o.hash', 'o.kind'])
      .where('f.environment', '=', environment)
      .execute();
    const reports = rows.flatMap((row) => {
      const report = reportOf(row);
      return report === null ? [] : [{ proxy: row.proxy, report }];
    });
    if (reports.length > 0) await keepReports(db, reports);
  }

  /** At once about an order that is new, and every window besides. */
  function reportOf({ proxy, kind, ...order }: Row): ConfigReport | null {
    const behaviour = behaviours.get(proxy) ?? 'prove';
    if (behaviour === 'silent') return null;
    const orders = taken.get(proxy) ?? [];
    const isNew = orders.at(-1)?.sequence !== order.sequence;
    const isDue = Date.now() - (toldAt.get(proxy) ?? 0) >= windowMs;
    if (!isNew && !isDue) return null;
    if (behaviour === 'slow' && isNew)
      return isDue ? tell(proxy, { orders, attempted: null, outcome: null }) : null;
    if (isNew) taken.set(proxy, [...orders, order]);
    const isTaken = behaviour === 'prove' || kind === 'rollback';
    if (isNew && !isTaken) refused.add(`${proxy}/${order.sequence}`);
    const outcome = refused.has(`${proxy}/${order.sequence}`)
      ? behaviour === 'restore'
        ? 'restored'
        : 'refused'
      : 'proven';
    return tell(proxy, { orders: taken.get(proxy) ?? [], attempted: order, outcome });
  }

  function tell(
    proxy: string,
    {
      orders,
      attempted,
      outcome,
    }: { orders: Order[]; attempted: Order | null; outcome: ConfigReport['outcome'] },
  ): ConfigReport {
    toldAt.set(proxy, Date.now());
    const running = orders.findLast(({ sequence }) => !refused.has(`${proxy}/${sequence}`)) ?? null;
    const traffic = traffics.get(proxy);
    const counts = traffic === undefined ? { requests: 10, errors: 0, latency: { 40: 10 } } : traffic;
    const startsAt = new Date().toISOString();
    const sequence = running?.sequence ?? null;
    return {
      ...{ attempted: refOf(attempted), running: refOf(running), lastKnownGood: refOf(running), outcome },
      ...{ phase: 'idle', refusal: null, failedStep: outcome === 'proven' ? null : 'check', timings: {} },
      failure: outcome === 'proven' || outcome === null ? null : 'the twin was told so',
      ...{ drift: null, haproxy: { version: '2.6.12', oldWorkers: 0, failedReloads: 0 } },
      windows: counts === null ? [] : [{ startsAt, seconds: 1, sequence, signatures: [], ...counts }],
      now: new Date().toISOString(),
    };
  }

  const refused = new Set<string>();
  for (const { region, labels } of members) await enrol(region, labels);
  void (async () => {
    while (!closed) {
      await turn().catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  })();

  return {
    environment,
    proxies,
    enrol,
    async write(text, change = (document) => document) {
      const document = change(answering(text));
      const revision = revisionOf((bytes) => createHash('sha256').update(bytes).digest(), document);
      const { text: rendered } = renderConfigDocument(document);
      await db
        .insertInto('config_revision')
        .values({
          ...{ ...place, revision, parent: null, author: 'ann', reason: text, schema_version: 1 },
          ...{ document: JSON.stringify(document), rendered },
        })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      await db
        .updateTable('config_environment')
        .set({ head: revision })
        .where('name', '=', environment)
        .execute();
      return revision;
    },
    async configure(settings) {
      await db
        .updateTable('config_environment')
        .set({ settings: JSON.stringify(settings) })
        .where('name', '=', environment)
        .execute();
    },
    behave: (proxy, behaviour) => void behaviours.set(proxy, behaviour),
    carry: (proxy, traffic) => void traffics.set(proxy, traffic),
    async running() {
      const rows = await db
        .selectFrom('fleet_proxy as f')
        .leftJoin('config_report as r', 'r.proxy', 'f.proxy')
        .leftJoin('config_order as o', (join) =>
          join
            .onRef('o.project', '=', 'f.project')
            .onRef('o.environment', '=', 'f.environment')
            .onRef('o.sequence', '=', 'r.running_sequence'),
        )
        .select(['f.proxy', 'o.revision'])
        .where('f.environment', '=', environment)
        .execute();
      return Object.fromEntries(rows.map(({ proxy, revision }) => [proxy, revision]));
    },
    history: (proxy) => (taken.get(proxy) ?? []).map(({ revision }) => revision),
    close: () => void (closed = true),
  };
}

type Row = Order & { readonly proxy: string; readonly kind: 'apply' | 'rollback' };

interface Order {
  readonly sequence: number;
  readonly revision: string | null;
  readonly hash: string;
}

function refOf(order: Order | null) {
  return order && { revision: order.revision ?? '', sequence: order.sequence, hash: order.hash };
}

function answering(text: string): ConfigDocument {
  const [web, ...others] = shop.frontends;
  if (web === undefined) throw new Error('the shop has no frontend');
  const routes = (web.routes ?? []).map((route) =>
    route.name === 'ping' ? { ...route, answer: { status: 200, body: text } } : route,
  );
  return { ...shop, frontends: [{ ...web, routes }, ...others] };
}
