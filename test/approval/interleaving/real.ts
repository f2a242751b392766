import { ulid } from 'ulid';
import { hearAnnouncements } from '../../../db/approval/attempt.ts';
import { consumeApproval } from '../../../db/approval/consume.ts';
import { insertDecision } from '../../../db/approval/decide.ts';
import { lookAtGate, openGate, withdrawGates } from '../../../db/approval/gate.ts';
import type { Db } from '../../../db/connect.ts';
import { findResource } from '../../../db/idempotency.ts';
import { questionOf } from '../../../domain/approval/question.ts';
import { insertRogueDecision } from '../../support/approval.ts';
import { passTime, runningOperation } from '../db/house.ts';
import { groupsOfPeople, requester, type Decision, type Script } from './script.ts';
import type { ApprovalSystem, Asking } from './system.ts';

const name = 'step-0';

/** The approval as it is: the functions that API, workflow and activities call, on a real Postgres. */
export async function openReal(db: Db, { question }: Script): Promise<ApprovalSystem> {
  const operationId = await runningOperation(db);
  const frozen = questionOf(question, requester);
  const decisions: string[] = [];
  const gates = new Set<string>();
  let thing = 'A';
  let hearings = 0;

  const digestOf = (what: string): string => `sha256:${operationId}/${what}`;

  async function request(): Promise<Asking> {
    const asked = thing;
    const gate = await openGate(db, {
      ...{ operationId, name, subject: digestOf(asked), question: frozen, evidence: { asked } },
      timeoutMs: 3_600_000,
    });
    gates.add(gate.gateId);
    return { id: gate.gateId, thing: asked };
  }

  async function answer(asking: Asking, by: string, decision: Decision, times: number): Promise<boolean> {
    const key = ulid();
    const sent = await Promise.all(Array.from({ length: times }, () => send(asking, by, decision, key)));
    return sent.includes(true);
  }

  /** As the API does it: the request that was answered before is answered again. */
  async function send(asking: Asking, by: string, decision: Decision, key: string): Promise<boolean> {
    const idempotency = { project: 'default', key, fingerprint: 'f' };
    if ((await findResource(db, idempotency)) !== null) return false;
    const id = ulid();
    const refusal = await insertDecision(db, {
      ...{ id, gateId: asking.id, subject: digestOf(asking.thing), decision, reason: null },
      ...{ principal: by, claims: groupsOfPeople[by] ?? [], ...idempotency },
    });
    if (refusal === null) decisions.push(id);
    return refusal === null;
  }

  async function hear(ids: readonly string[], strange: readonly string[]): Promise<void> {
    hearings += 1;
    await hearAnnouncements(db, { operationId, runId: 'run', ids, strange, hearing: hearings });
    const gateId = [...gates].at(-1);
    if (gateId !== undefined) await lookAtGate(db, { operationId, gateId });
  }

  return {
    request,
    edit: (next) => Promise.resolve(void (thing = next)),
    answer,
    async around(asking, by, decision) {
      const before = await rowsOf(db, asking.id);
      const groups = groupsOfPeople[by] ?? [];
      await insertRogueDecision(db, { gateId: asking.id, decision, by, groups });
      return (await rowsOf(db, asking.id)) > before;
    },
    deliver(how, isForged) {
      const id = isForged ? ulid() : (decisions.at(-1) ?? ulid());
      return how === 'signal' ? hear([id], []) : hear([], ['update approval']);
    },
    expire: () => pass(3_600_001),
    escalate: () => pass(60_001),
    cancel: () => db.transaction().execute((tx) => withdrawGates(tx, operationId)),
    async continueAsNew() {
      await request();
    },
    async reset() {
      await request();
      await hear(decisions, []);
    },
    async act() {
      const before = thing;
      const used = await consumeApproval(db, {
        ...{ operationId, name, subject: digestOf(before), effect: 'act' },
      });
      return used === 'consumed' ? before : null;
    },
    async outcomes() {
      const rows = await db
        .selectFrom('approval_gate')
        .select(['id', 'outcome'])
        .where('operation_id', '=', operationId)
        .where('outcome', 'is not', null)
        .execute();
      return new Map(rows.map(({ id, outcome }) => [id, outcome ?? '']));
    },
  };

  /** The timer of the story fires. */
  async function pass(ms: number): Promise<void> {
    await passTime(db, operationId, ms);
    const gateId = [...gates].at(-1);
    if (gateId !== undefined) await lookAtGate(db, { operationId, gateId });
  }
}

async function rowsOf(db: Db, gateId: string): Promise<number> {
  const { count } = await db
    .selectFrom('approval_decision')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('gate_id', '=', gateId)
    .executeTakeFirstOrThrow();
  return Number(count);
}
