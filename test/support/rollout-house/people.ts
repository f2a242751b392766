import { ulid } from 'ulid';
import type { WorkflowHandle } from '@temporalio/client';
import type { CanaryPlanInput } from '../../../contracts/canary-plan.ts';
import type {
  CanaryCommandKind,
  CanaryConfig,
  CanaryPhase,
  CanaryRolloutState,
} from '../../../contracts/canary-rollout.ts';
import { insertDecision } from '../../../db/approval/decide.ts';
import { findGateAbout } from '../../../db/approval/waiting.ts';
import { recordedRollout } from '../../../db/canary-rollout/recorded.ts';
import { insertRollback, insertRollout } from '../../../db/canary-rollout/start.ts';
import { insertCommand } from '../../../db/command.ts';
import { freezePlan } from '../../../domain/canary-rollout/plan.ts';
import { commandUpdate, stateQuery, type CommandAnswer } from '../../../workflows/canary-rollout/messages.ts';
import { startOptions } from '../../../workflows/canary-rollout/start-options.ts';
import { insertRogueDecision } from '../approval.ts';
import { houseProxy, type RolloutHouse } from '../rollout-house.ts';

/** A plan whose times are seconds; tests change what they are about. */
export const quickPlan: CanaryPlanInput = {
  steps: [{ weight: 10, soak: '1s' }, { weight: 50, soak: '1s' }, { weight: 100 }],
  checks: { interval: '1s', window: '3s', failureLimit: 0 },
  timeouts: { health: '3s', verify: '10s', hold: '5s', deadline: '2m' },
  lease: '6s',
  drainDelay: '100ms',
};

export interface StartedRollout {
  readonly operationId: string;
  readonly service: string;
  readonly handle: WorkflowHandle;
  state(): Promise<CanaryRolloutState>;
  /** Waits until the live state fits; fails with the state when it does not within 20 s. */
  until(what: CanaryPhase | ((state: CanaryRolloutState) => boolean)): Promise<CanaryRolloutState>;
  result(): Promise<{ outcome: string; reason: string }>;
  command(kind: CanaryCommandKind, body?: Record<string, unknown>): Promise<CommandAnswer>;
  /** Writes the command's row alone; answers its id. */
  recordCommand(kind: CanaryCommandKind, body?: Record<string, unknown>): Promise<string>;
  deliver(commandId: string): Promise<CommandAnswer>;
  decide(decision: 'approve' | 'reject', subject?: string): Promise<string>;
  /** `bob` decides unless told otherwise; `ann` started it. */
  recordDecision(decision: 'approve' | 'reject', subject: string, by?: string): Promise<string>;
  events(): Promise<{ type: string; summary: string; seq: number; at: Date }[]>;
  row(): Promise<{
    status: string;
    outcome: string | null;
    summary: string;
    run_id: string | null;
    stuck: string | null;
  }>;
}

/** A service of one's own, registered and, unless told otherwise, with `v1` serving. */
export async function makeService(
  house: RolloutHouse,
  options: { stable?: string | null; instances?: number; proxy?: string } = {},
) {
  const proxy = options.proxy ?? houseProxy;
  const name = `svc-${ulid().toLowerCase()}`;
  const start = { runtime: 'process' as const, command: ['run'] };
  const spec = {
    start,
    traffic: { provider: 'haproxy', proxy, backend: name },
    health: { path: `/${name}`, timeoutMs: 200 },
    instances: options.instances ?? 1,
    plan: null,
  };
  const row = {
    project: 'default',
    name,
    spec: JSON.stringify(spec),
    stable_version: null,
    previous_version: null,
    warm_until: null,
  };
  await house.db.insertInto('service').values(row).execute();
  house.agent.rate(name, 1000);
  const stable = options.stable === undefined ? 'v1' : options.stable;
  if (stable !== null) await serve(house, name, stable, { count: spec.instances, proxy });
  return name;
}

/** What a first release leaves behind, without the time it takes. */
async function serve(
  house: RolloutHouse,
  service: string,
  version: string,
  { count, proxy }: { count: number; proxy: string },
): Promise<void> {
  const { db, runtime } = house;
  const start = { runtime: 'process' as const, command: ['run'] };
  const ids = Array.from({ length: count }, (_, index) => `default.${service}.${version}.${index}`);
  const instances = [];
  for (const id of ids) {
    const spec = { id, project: 'default', service, version, start };
    instances.push({ id, ...(await runtime.start(spec, AbortSignal.timeout(5000))) });
  }
  const release = {
    project: 'default',
    service,
    version,
    start: JSON.stringify(start),
    instances: JSON.stringify(instances),
    retire_at: null,
  };
  await db.insertInto('release').values(release).execute();
  await db.updateTable('service').set({ stable_version: version }).where('name', '=', service).execute();
  const servers = instances.map(({ address }, index) => ({
    name: `${version}-${index}`,
    version,
    address,
    weight: 100,
    healthPath: `/${service}`,
  }));
  const split = JSON.stringify({ servers, stable: version, canary: null, leaseMs: null });
  const row = {
    proxy,
    backend: service,
    project: 'default',
    service,
    token: 1,
    owner: null,
    split,
    change_id: null,
    lease_until: null,
    tripped: null,
  };
  await db
    .insertInto('proxy')
    .values({ name: proxy, revision: 0 })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await db.insertInto('traffic_target').values(row).execute();
}

/** Records and starts a rollout as the API does; `record: 'only'` leaves the start to the reconciliation. */
export async function startRollout(
  house: RolloutHouse,
  service: string,
  version = 'v2',
  plan: CanaryPlanInput = quickPlan,
  record: 'and-start' | 'only' = 'and-start',
  config: CanaryConfig | null = null,
): Promise<StartedRollout> {
  const operationId = ulid();
  const frozen = freezePlan(plan);
  const asked = { operationId, project: 'default', service, principal: 'ann', key: ulid(), fingerprint: 'f' };
  const started = await insertRollout(house.db, {
    ...asked,
    version,
    start: null,
    plan: frozen,
    defaultPlan: frozen,
    reason: null,
    config,
  });
  if (started === null) throw new Error(`the rollout of ${service} ${version} was refused`);
  return follow(house, service, operationId, record);
}

/** Records and starts a rollback to the warm release; null when it is refused. */
export async function startRollback(house: RolloutHouse, service: string): Promise<StartedRollout | null> {
  const operationId = ulid();
  const asked = { operationId, project: 'default', service, principal: 'ann', key: ulid(), fingerprint: 'f' };
  const started = await insertRollback(house.db, {
    ...asked,
    defaultPlan: freezePlan(quickPlan),
    reason: 'worse than before',
  });
  return started === null ? null : follow(house, service, operationId, 'and-start');
}

async function follow(
  house: RolloutHouse,
  service: string,
  operationId: string,
  record: 'and-start' | 'only',
): Promise<StartedRollout> {
  const { db, client } = house;
  const row = await recordedRollout(db, operationId);
  if (row === undefined) throw new Error(`the rollout ${operationId} is not recorded`);
  const { type, options } = startOptions(row, 'operations');
  if (record === 'and-start') await client.workflow.start(type, options);
  const handle = client.workflow.getHandle(options.workflowId);
  const state = (): Promise<CanaryRolloutState> => handle.query(stateQuery);

  async function until(
    what: CanaryPhase | ((state: CanaryRolloutState) => boolean),
  ): Promise<CanaryRolloutState> {
    const fits = typeof what === 'string' ? (seen: CanaryRolloutState) => seen.phase === what : what;
    const deadline = performance.now() + 20_000;
    for (;;) {
      const seen = await state().catch(() => null);
      if (seen !== null && fits(seen)) return seen;
      if (performance.now() > deadline || seen?.phase === 'done') {
        throw new Error(
          `waited for ${typeof what === 'string' ? what : what.toString()}, it is ${JSON.stringify(seen)}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async function recordCommand(kind: CanaryCommandKind, body: Record<string, unknown> = {}): Promise<string> {
    const { revision, step } = await state();
    const id = ulid();
    const asked = {
      id,
      operationId,
      project: 'default',
      target: service,
      kind,
      principal: 'ann',
      key: ulid(),
      fingerprint: 'f',
    };
    if (!(await insertCommand(db, { ...asked, body: { revision, step, ...body } })))
      throw new Error(`${kind} was not recorded`);
    return id;
  }

  async function recordDecision(
    decision: 'approve' | 'reject',
    subject: string,
    by = 'bob',
  ): Promise<string> {
    const id = ulid();
    const gate = await findGateAbout(db, { project: 'default', operationId, subject });
    // Nothing asks about it: there is no row that such a decision could have.
    if (gate === null) return id;
    const asked = { project: 'default', gateId: gate.id, subject, decision, reason: null, principal: by };
    const refusal = await insertDecision(db, { id, ...asked, claims: [], key: ulid(), fingerprint: 'f' });
    // What the API would not take: a row that got in around it.
    return refusal === null ? id : insertRogueDecision(db, { gateId: gate.id, decision, by });
  }

  const deliver = (commandId: string): Promise<CommandAnswer> =>
    handle.executeUpdate(commandUpdate, { args: [{ commandId }], updateId: commandId });

  return {
    operationId,
    service,
    handle,
    state,
    until,
    result: () => handle.result() as Promise<{ outcome: string; reason: string }>,
    async command(kind, body) {
      return deliver(await recordCommand(kind, body));
    },
    recordCommand,
    deliver,
    async decide(decision, subject) {
      const asked = subject ?? (await until('waiting-for-approval')).gate?.subject ?? '';
      const id = await recordDecision(decision, asked);
      await handle.signal('approval', { decisionId: id });
      return id;
    },
    recordDecision,
    events: () =>
      db
        .selectFrom('operation_event')
        .select(['seq', 'type', 'summary', 'at'])
        .where('operation_id', '=', operationId)
        .orderBy('seq')
        .execute(),
    row: () =>
      db
        .selectFrom('operation')
        .select(['status', 'outcome', 'summary', 'run_id', 'stuck'])
        .where('id', '=', operationId)
        .executeTakeFirstOrThrow(),
  };
}

/** The timeline in short. */
export async function typesOf(rollout: StartedRollout): Promise<string[]> {
  return (await rollout.events()).map(({ type }) => type);
}
