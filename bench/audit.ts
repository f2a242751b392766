import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { sql } from 'kysely';
import { exportLines } from '../api/audit/export.ts';
import { verifyExport, type ExportVerdict } from '../cli/audit/verify-export.ts';
import { sealEntries } from '../db/audit/seal.ts';
import { connectUnwalled, type Db } from '../db/connect.ts';
import { migrateToLatest } from '../db/migrate.ts';
import { startPostgres } from '../infra/postgres/server.ts';
import { runCrowd } from './audit/crowd.ts';
import { countForks, createNaiveChain } from './audit/naive-chain.ts';
import { tamperAndVerify } from './audit/tampered-log.ts';
import { dropKeys, tampers } from './audit/tampers.ts';

const processes = 8;
const kills = 6;
const batch = 100;

interface Bench {
  readonly url: string;
  readonly db: Db;
  readonly folder: string;
  readonly forMs: number;
  readonly note: (text: string) => void;
}

/**
 * Eight processes append to the audit of one project and seal it, some of them killed meanwhile; then what came out is verified from
 * its export. The peer is the chain that reads the latest row and inserts the next, in the same run. `synchronous_commit` is on.
 */
export async function auditBench(options: { seconds: number; note: (text: string) => void }) {
  return withDatabase(async (url, db, folder) => {
    const bench: Bench = { url, db, folder, forMs: options.seconds * 1000, note: options.note };
    const single = await append(bench, 'single', 1);
    const batched = await append(bench, 'batched', batch);
    const verified = await verify(bench, 'batched');
    const peer = await naive(bench);
    const named = await tamper(bench);
    return {
      processes,
      kills: 2 * kills,
      append_single_per_s: single.perSecond,
      append_batched_per_s: batched.perSecond,
      batch,
      sealed: single.entries + batched.entries,
      forks: single.forks + batched.forks,
      gaps: single.gaps + batched.gaps,
      lost: single.lost + batched.lost,
      chain_verified: single.fault === null && batched.fault === null,
      verify_rows_per_s: verified,
      ...named,
      peer: 'read the latest row, insert the next',
      peer_append_per_s: peer.perSecond,
      peer_rows: peer.rows,
      peer_forks: peer.forks,
      goal_append_single_per_s: 250,
      goal_append_batched_per_s: 5000,
      goal_verify_rows_per_s: 50_000,
    };
  });
}

/** Entries that were committed and sealed, a second, the sealing of the last one included. */
async function append(bench: Bench, project: string, size: number) {
  const { url, db, forMs, note } = bench;
  const tookMs = await runCrowd({
    url,
    project,
    kind: 'sealed',
    batch: size,
    processes,
    forMs,
    kills,
  });
  const began = performance.now();
  while ((await sealEntries(db, project)) > 0);
  const seconds = (tookMs + performance.now() - began) / 1000;
  const counted = await count(db, project);
  const perSecond = Math.round(counted.entries / seconds);
  note(`${project}: ${counted.entries} entries, ${perSecond}/s, ${kills} kills`);
  const { fault } = await verifyFile(await exportTo(bench, project));
  return { perSecond, fault, ...counted };
}

async function count(db: Db, project: string) {
  const { rows } = await sql<Record<'entries' | 'written' | 'parents' | 'highest', number>>`
    select count(*) as entries, count(distinct prev) as parents, coalesce(max(seq), 0) as highest,
      (select count(*) from audit_entry where project = ${project}) as written
    from audit_seal where project = ${project}`.execute(db);
  const { entries = 0, written = 0, parents = 0, highest = 0 } = rows[0] ?? {};
  return { entries, forks: entries - parents, gaps: highest - entries, lost: written - entries };
}

async function exportTo({ db, folder }: Bench, project: string): Promise<string> {
  const file = path.join(folder, `${project}.ndjson`);
  await pipeline(Readable.from(exportLines(db, project, 0)), createWriteStream(file));
  return file;
}

function verifyFile(file: string): Promise<ExportVerdict> {
  const chunks = createReadStream(file, { highWaterMark: 1 << 20 });
  return verifyExport({ chunks, key: null, checkpoints: null, state: null });
}

/** Rows a second from an export in a file: hash, canonical form, chain, clock and Merkle tree of each. The best of three. */
async function verify(bench: Bench, project: string): Promise<number> {
  const file = await exportTo(bench, project);
  let best = 0;
  for (let round = 0; round < 3; round += 1) {
    const began = performance.now();
    const { progress, fault } = await verifyFile(file);
    if (fault !== null) throw new Error(`the chain of ${project} does not hold: ${fault.kind}`);
    best = Math.max(best, Math.round((progress.seq / (performance.now() - began)) * 1000));
  }
  bench.note(`verified ${best} rows/s`);
  return best;
}

async function naive({ url, db, forMs, note }: Bench) {
  await createNaiveChain(db);
  const project = 'naive';
  const crowd = { url, project, kind: 'naive' as const, batch: 1, processes, kills: 0 };
  const tookMs = await runCrowd({ ...crowd, forMs });
  const counted = await countForks(db, project);
  note(`peer: ${counted.rows} rows, ${counted.forks} forks`);
  return { perSecond: Math.round((counted.rows / tookMs) * 1000), ...counted };
}

async function tamper({ db, note }: Bench) {
  await dropKeys(db);
  const kinds = new Set(tampers.map(({ kind }) => kind));
  const missed = new Set<string>();
  for (const [index, planted] of tampers.entries()) {
    const { fault } = await tamperAndVerify(db, planted, `tampered-${index}`);
    if (fault?.kind !== planted.kind || fault.seq !== planted.seq) missed.add(planted.kind);
  }
  note(`tampers named: ${kinds.size - missed.size} of ${kinds.size}`);
  return {
    tamper_kinds_named: kinds.size - missed.size,
    tamper_kinds: kinds.size,
    tampers_missed: [...missed],
  };
}

async function withDatabase<T>(use: (url: string, db: Db, folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-bench-'));
  await chmod(folder, 0o711);
  const postgres = await startPostgres(path.join(folder, 'postgres'));
  const db = connectUnwalled(postgres.url);
  try {
    await migrateToLatest(db);
    return await use(postgres.url, db, folder);
  } finally {
    await db.destroy();
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
