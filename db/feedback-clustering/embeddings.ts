import { sql } from 'kysely';
import type { Db } from '../connect.ts';

export interface StoredVector {
  readonly contentHash: string;
  readonly vector: Float32Array;
}

/** Vectors of a model that are known for these contents. */
export async function readVectors(
  db: Db,
  project: string,
  model: string,
  hashes: readonly string[],
): Promise<Map<string, Float32Array>> {
  if (hashes.length === 0) return new Map();
  const rows = await db
    .selectFrom('feedback_embedding')
    .select(['content_hash', 'vector'])
    .where('project', '=', project)
    .where('model', '=', model)
    .where('content_hash', 'in', [...new Set(hashes)])
    .execute();
  return new Map(rows.map((row) => [row.content_hash, floatsOf(row.vector)]));
}

/** Keeps vectors by content; what is known already stays. */
export async function keepVectors(
  db: Db,
  project: string,
  model: string,
  vectors: readonly StoredVector[],
): Promise<void> {
  if (vectors.length === 0) return;
  const hashes = vectors.map(({ contentHash }) => contentHash);
  await sql`insert into feedback_embedding (project, model, content_hash, vector)
    select ${project}, ${model}, * from unnest(${hashes}::text[], ${vectors.map(({ vector }) => bytesOf(vector))}::bytea[])
    on conflict do nothing`.execute(db);
}

/** Vectors of other models are of no use any more. */
export async function dropOtherModels(db: Db, project: string, model: string): Promise<void> {
  await db
    .deleteFrom('feedback_embedding')
    .where('project', '=', project)
    .where('model', '!=', model)
    .execute();
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** A copy, because a buffer of the driver may lie at any offset. */
export function floatsOf(bytes: Buffer): Float32Array {
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}
