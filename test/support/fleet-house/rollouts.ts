import type { WorkflowHandle } from '@temporalio/client';
import { ulid } from 'ulid';
import type { ConfigPlanInput } from '../../../contracts/config-plan.ts';
import type {
  ConfigCommandKind,
  ConfigRolloutPhase,
  ConfigRolloutState,
} from '../../../contracts/config-rollout.ts';
import { insertDecision } from '../../../db/approval/decide.ts';
import { findGateAbout } from '../../../db/approval/waiting.ts';
import { insertCommand } from '../../../db/command.ts';
import { configRolloutFacts } from '../../../db/config-rollout/facts.ts';
import { insertConfigRollout } from '../../../db/config-rollout/start.ts';
import { freezePlan } from '../../../domain/config-rollout/plan.ts';
import { rollbackPlan } from '../../../domain/config-rollout/rollback-plan.ts';
import { commandUpdate, stateQuery, type CommandAnswer } from '../../../workflows/config-rollout/messages.ts';
import { configStartOptions } from '../../../workflows/config-rollout/start-options.ts';
import type { RolloutHouse } from '../rollout-house.ts';

/** Two waves whose times are seconds; tests change what they are about. */
export const quickConfigPlan: ConfigPlanInput = {
  waves: [{ percent: 25, bake: '1s' }],
  rest: { bake: '1s' },
  checks: { interval: '1s', failureLimit: 0, errorRate: { max: 5 } },
  apply: '5s',
  partition: { policy: 'wait', after: '2s' },
};

export interface StartedConfigRollout {
  readonly operationId: string;
  readonly handle: WorkflowHandle;
  state(): Promise<ConfigRolloutState>;
  /** Waits until the live state fits; fails with the state when it does not within 20 s. */
  until(what: ConfigRolloutPhase | ((state: ConfigRolloutState) => boolean)): Promise<ConfigRolloutState>;
  result(): Promise<{ outcome: string; reason: string }>;
  command(kind: ConfigCommandKind, body?: Record<string, unknown>): Promise<CommandAnswer>;
  /** Writes the command's row alone; answers its id. */
  recordCommand(kind: ConfigCommandKind, body?: Record<string, unknown>): Promise<string>;
  /** `bob` decides unless told otherwise; `ann` started it. */
  decide(decision: 'approve' | 'reject', by?: string): Promise<void>;
  /** Writes the decision's row alone; answers its id. */
  recordDecision(decision: 'approve' | 'reject', by?: string): Promise<string>;
  events(): Promise<{ type: string; summary: string; seq: number }[]>;
  row(): Promise<{ status: string; outcome: string | null; summary: string }>;
}

interface Asked {
  readonly environment: string;
  readonly revision?: string;
  readonly plan?: ConfigPlanInput;
  readonly mode?: 'rollout' | 'rollback';
  readonly ignoreFreeze?: boolean;
  /** `only` leaves the start to the reconciliation. */
  readonly record?: 'and-start' | 'only';
}

/** Records and starts a rollout as the API does. */
export async function startConfigRollout(house: RolloutHouse, asked: Asked): Promise<StartedConfigRollout> {
  const { environment, revision, plan = quickConfigPlan, mode = 'rollout', ignoreFreeze = false } = asked;
  const operationId = ulid();
  const refusal = await insertConfigRollout(house.db, {
    ...{ operationId, project: 'default', environment, mode, revision: revision ?? null, ignoreFreeze },
    plan: mode === 'rollout' ? freezePlan(plan) : rollbackPlan,
    ...{ principal: 'ann', reason: 'a test', key: ulid(), fingerprint: 'f', slots: null },
  });
  if (refusal !== null) throw new Error(`the rollout of ${environment} was refused: ${refusal}`);
  return follow(house, operationId, environment, asked.record ?? 'and-start');
}

async function follow(
  { db, client }: RolloutHouse,
  operationId: string,
  environment: string,
  record: 'and-start' | 'only',
): Promise<StartedConfigRollout> {
  const { type, options } = configStartOptions(await configRolloutFacts(db, operationId), 'operations');
  if (record === 'and-start') await client.workflow.start(type, options);
  const handle = client.workflow.getHandle(options.workflowId);
  const state = (): Promise<ConfigRolloutState> => handle.query(stateQuery);
  const who = { project: 'default', key: '', fingerprint: 'f' };

  async function until(
    what: ConfigRolloutPhase | ((state: ConfigRolloutState) => boolean),
  ): Promise<ConfigRolloutState> {
    const fits = typeof what === 'string' ? (seen: ConfigRolloutState) => seen.phase === what : what;
    const deadline = performance.now() + 20_000;
    for (;;) {
      const seen = await state().catch(() => null);
      if (seen !== null && fits(seen)) return seen;
      if (performance.now() > deadline || seen?.phase === 'done')
        throw new Error(`waited for ${what.toString()}, it is ${JSON.stringify(seen)}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async function recordCommand(kind: ConfigCommandKind, body: Record<string, unknown> = {}): Promise<string> {
    const { revision } = await state();
    const id = ulid();
    const asked = { id, operationId, target: environment, capability: 'config-rollout', kind };
    const command = { ...who, ...asked, principal: 'ann', key: ulid(), body: { revision, ...body } };
    if (!(await insertCommand(db, command))) throw new Error(`${kind} was not recorded`);
    return id;
  }

  async function recordDecision(decision: 'approve' | 'reject', by = 'bob'): Promise<string> {
    const subject = (await until('waiting-for-approval')).gate?.subject ?? '';
    const gate = await findGateAbout(db, { project: 'default', operationId, subject });
    const id = ulid();
    const gateId = gate?.id ?? '';
    const asked = { id, gateId, subject, decision, reason: null, principal: by, claims: [] };
    const refusal = await insertDecision(db, { ...who, ...asked, key: ulid() });
    if (refusal !== null) throw new Error(`the decision was refused: ${JSON.stringify(refusal)}`);
    return id;
  }

  return {
    operationId,
    handle,
    state,
    until,
    result: () => handle.result() as Promise<{ outcome: string; reason: string }>,
    recordCommand,
    async command(kind, body = {}) {
      const id = await recordCommand(kind, body);
      return handle.executeUpdate(commandUpdate, { args: [{ commandId: id }], updateId: id });
    },
    recordDecision,
    async decide(decision, by = 'bob') {
      const decisionId = await recordDecision(decision, by);
      await handle.signal('approval', { decisionId });
    },
    events: () =>
      db
        .selectFrom('operation_event')
        .select(['type', 'summary', 'seq'])
        .where('operation_id', '=', operationId)
        .orderBy('seq')
        .execute(),
    row: () =>
      db
        .selectFrom('operation')
        .select(['status', 'outcome', 'summary'])
        .where('id', '=', operationId)
        .executeTakeFirstOrThrow(),
  };
}
