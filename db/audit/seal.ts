import { sql } from 'kysely';
import { genesisHash, sealHash } from '../../domain/audit/chain.ts';
import { leafHash } from '../../domain/audit/merkle.ts';
import type { Db } from '../connect.ts';
import { sha256 } from './record.ts';

const batch = 4000;

/** Projects with entries that wait for their seal. */
export async function projectsToSeal(db: Db): Promise<string[]> {
  const rows = await db.selectFrom('audit_pending').select('project').distinct().execute();
  return rows.map(({ project }) => project);
}

/**
 * Chains a batch of what is committed and not sealed. The lock is held for this transaction only, no writer of entries waits for it;
 * a second sealer finds it taken and leaves the project to the first. Answers how many rows it took.
 */
export async function sealEntries(db: Db, project: string): Promise<number> {
  return db.transaction().execute(async (tx) => {
    if (!(await lock(tx, project))) return 0;
    const waiting = await waitingEntries(tx, project);
    if (waiting.length === 0) return 0;
    const seals = chain(project, await headOf(tx, project), distinct(waiting));
    await sql`insert into audit_seal (project, seq, entry, prev, hash, leaf)
      select ${project}, * from unnest(${seals.map(({ seq }) => seq)}::bigint[], ${seals.map(({ entry }) => entry)}::text[],
        ${seals.map(({ prev }) => prev)}::bytea[], ${seals.map(({ hash }) => hash)}::bytea[],
        ${seals.map(({ leaf }) => leaf)}::bytea[])`.execute(tx);
    await sql`delete from audit_pending where n = any(${waiting.map(({ n }) => n)}::bigint[])`.execute(tx);
    return waiting.length;
  });
}

interface Waiting {
  readonly n: number;
  readonly entry: string;
  readonly bytes: Uint8Array;
  /** Sealed before: a row too many must not hold up the rest. */
  readonly isSealed: boolean;
}

interface Head {
  readonly seq: number;
  readonly hash: Uint8Array;
}

async function lock(db: Db, project: string): Promise<boolean> {
  const { rows } = await sql<{ taken: boolean }>`
    select pg_try_advisory_xact_lock(hashtextextended(${`holdfast audit ${project}`}, 0)) as taken`.execute(
    db,
  );
  return rows[0]?.taken ?? false;
}

async function headOf(db: Db, project: string): Promise<Head | undefined> {
  return db
    .selectFrom('audit_seal')
    .select(['seq', 'hash'])
    .where('project', '=', project)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
}

async function waitingEntries(db: Db, project: string): Promise<Waiting[]> {
  return db
    .selectFrom('audit_pending as p')
    .innerJoin('audit_entry as e', 'e.id', 'p.entry')
    .leftJoin('audit_seal as s', 's.entry', 'p.entry')
    .select(['p.n', 'p.entry', 'e.bytes'])
    .select(sql<boolean>`s.entry is not null`.as('isSealed'))
    .where('p.project', '=', project)
    .orderBy('p.n')
    .limit(batch)
    .execute();
}

function distinct(waiting: readonly Waiting[]): Waiting[] {
  const open = waiting.filter(({ isSealed }) => !isSealed);
  return [...new Map(open.map((one) => [one.entry, one])).values()];
}

function chain(project: string, head: Head | undefined, waiting: readonly Waiting[]) {
  let { seq, hash } = head ?? { seq: 0, hash: genesisHash(sha256, project) };
  return waiting.map(({ entry, bytes }) => {
    const prev = hash;
    const leaf = leafHash(sha256, bytes);
    seq += 1;
    hash = sealHash(sha256, prev, seq, leaf);
    return { seq, entry, prev, hash, leaf };
  });
}
