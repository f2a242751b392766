import { hash } from 'node:crypto';
import { sql } from 'kysely';
import type { Db } from '../../db/connect.ts';

/** The peer: a chain as it is mostly built, which reads the latest row and inserts the next one, with nothing in between. */
export async function createNaiveChain(db: Db): Promise<void> {
  await sql`create table naive_chain (
    id bigint generated always as identity primary key,
    project text not null,
    prev text not null,
    hash text not null,
    body jsonb not null
  )`.execute(db);
}

export async function appendNaively(db: Db, project: string, body: Record<string, unknown>): Promise<void> {
  const { rows } = await sql<{ hash: string }>`
    select hash from naive_chain where project = ${project} order by id desc limit 1`.execute(db);
  const prev = rows[0]?.hash ?? '';
  const text = JSON.stringify({ ...body, at: new Date().toISOString(), by: process.pid });
  const next = hash('sha256', `${prev}${text}`);
  await sql`insert into naive_chain (project, prev, hash, body)
    values (${project}, ${prev}, ${next}, ${text}::jsonb)`.execute(db);
}

/** Rows that share their parent with another one. */
export async function countForks(db: Db, project: string): Promise<{ rows: number; forks: number }> {
  const { rows } = await sql<{ rows: number; parents: number }>`
    select count(*) as rows, count(distinct prev) as parents from naive_chain
    where project = ${project}`.execute(db);
  const { rows: count = 0, parents = 0 } = rows[0] ?? {};
  return { rows: Number(count), forks: Number(count) - Number(parents) };
}
