import { sql } from 'kysely';
import type { Answer, Question } from '../../domain/approval/standing.ts';
import type { Db } from '../connect.ts';

export interface WaitingGate {
  readonly operationId: string;
  readonly kind: string;
  readonly target: string;
  readonly summary: string;
  readonly subject: string;
  readonly openedAt: Date;
  /** As the workflow has last said it. */
  readonly deadline: string | null;
  readonly question: Question;
  readonly answers: readonly Answer[];
}

/** The gates of a project at which an operation waits now, the oldest first; at most 200. */
export async function waitingGates(db: Db, project: string): Promise<WaitingGate[]> {
  const rows = await db
    .selectFrom('operation as o')
    .innerJoin('canary_rollout as r', 'r.operation_id', 'o.id')
    .innerJoin('canary_gate as g', (join) =>
      join.onRef('g.operation_id', '=', 'o.id').on(sql<boolean>`g.subject = r.state->'gate'->>'subject'`),
    )
    .select(['o.id', 'o.kind', 'o.target', 'o.summary', 'o.started_by', 'g.step', 'g.subject', 'g.opened_at'])
    .select(['r.plan', 'r.state'])
    .select((eb) =>
      eb
        .selectFrom('canary_decision as d')
        .whereRef('d.operation_id', '=', 'o.id')
        .whereRef('d.subject', '=', 'g.subject')
        .select(
          sql<
            Answer[]
          >`coalesce(jsonb_agg(jsonb_build_object('by', d.decided_by, 'decision', d.decision) order by d.id), '[]')`.as(
            'answers',
          ),
        )
        .as('answers'),
    )
    .where('o.project', '=', project)
    .where('o.status', '!=', 'closed')
    .orderBy('g.opened_at')
    .limit(200)
    .execute();
  return rows.map((row) => {
    const gate = row.plan.steps[row.step]?.gate;
    return {
      operationId: row.id,
      kind: row.kind,
      target: row.target,
      summary: row.summary,
      subject: row.subject,
      openedAt: row.opened_at,
      deadline: row.state.gate?.deadline ?? null,
      question: {
        requestedBy: row.started_by,
        approvals: gate?.approvals ?? 1,
        allowRequester: gate?.allowRequester ?? false,
      },
      answers: row.answers ?? [],
    };
  });
}
