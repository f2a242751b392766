import { sql } from 'kysely';
import type { Db } from '../connect.ts';

export interface ExportedSeal {
  readonly seq: number;
  readonly entry: string;
  /** null when the entry of the seal is gone. */
  readonly bytes: Buffer | null;
  readonly prev: Buffer;
  readonly hash: Buffer;
  readonly salt: Buffer | null;
  readonly data: Buffer | null;
}

export interface ExportedEntry {
  readonly entry: string;
  readonly bytes: Buffer;
}

const page = 2000;

/** Seals with their entries after a place, page by page, exactly as they stand there, whatever was done to them. */
export async function* exportSeals(db: Db, project: string, after: number): AsyncGenerator<ExportedSeal[]> {
  let last: Pick<ExportedSeal, 'seq' | 'hash'> = { seq: after, hash: Buffer.alloc(64, 255) };
  for (;;) {
    const { rows } = await sql<ExportedSeal>`
      select s.seq, s.entry, e.bytes, s.prev, s.hash, p.salt, p.data from audit_seal s
      left join audit_entry e on e.id = s.entry left join audit_personal p on p.entry = s.entry
      where s.project = ${project} and s.seq >= ${last.seq} and (s.seq, s.hash) > (${last.seq}, ${last.hash})
      order by s.seq, s.hash limit ${page}`.execute(db);
    if (rows.length > 0) yield rows;
    last = rows.at(-1) ?? last;
    if (rows.length < page) return;
  }
}

/** Entries without a seal. They are looked for among the entries, because what was slipped in does not wait for the sealer. */
export async function exportUnsealed(db: Db, project: string): Promise<ExportedEntry[]> {
  const { rows } = await sql<ExportedEntry>`
    select e.id as entry, e.bytes from audit_entry e
    where e.project = ${project} and not exists (select from audit_seal s where s.entry = e.id)
    order by e.id limit 10000`.execute(db);
  return rows;
}
