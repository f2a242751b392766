import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { openSigner, type Signer } from '../../api/signer.ts';
import type { Db } from '../../db/connect.ts';
import { filesHash } from '../../domain/config-bundle/bundle-text.ts';
import { sha256Hex } from '../../proxy-agent/config-bundle/sha256-hex.ts';

/** A signer with a key of its own; `close` removes the file. */
export async function testSigner(): Promise<Signer & { close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-signer-'));
  const file = join(folder, 'key.pem');
  const { privateKey } = generateKeyPairSync('ed25519');
  writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  return { ...openSigner(file), close: () => rm(folder, { recursive: true, force: true }) };
}

export interface TestOrder {
  readonly sequence: number;
  readonly revision: string | null;
  readonly hash: string;
}

export interface TestEnvironment {
  readonly project: string;
  readonly environment: string;
  /** A new order, of nobody yet; null: back to the operator's own file. */
  order(rendered: string | null, kind?: 'apply' | 'rollback'): Promise<TestOrder>;
  /** As a wave does it: the proxies are to run it, and whoever waits is told. */
  give(order: TestOrder, ...proxies: string[]): Promise<void>;
  makeLive(order: TestOrder): Promise<void>;
}

/** An environment whose orders are written as a rollout writes them. */
export async function testEnvironment(
  db: Db,
  environment = 'production',
  project = 'default',
): Promise<TestEnvironment> {
  await db.insertInto('config_environment').values({ project, name: environment }).execute();
  const place = { project, environment };

  async function revisionOf(rendered: string): Promise<string> {
    const revision = sha256Hex(`document of ${rendered}`);
    const who = { parent: null, author: 'ada', reason: 'a test' };
    await db
      .insertInto('config_revision')
      .values({ ...place, ...who, revision, schema_version: 1, document: '{}', rendered })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    return revision;
  }

  return {
    ...place,
    async order(rendered, kind = rendered === null ? 'rollback' : 'apply') {
      const revision = rendered === null ? null : await revisionOf(rendered);
      const files = rendered === null ? [] : [{ path: 'base.cfg', sha256: sha256Hex(rendered) }];
      const hash = filesHash(sha256Hex, files);
      const { sequence } = await db
        .updateTable('config_environment')
        .set({ sequence: sql`sequence + 1` })
        .where('project', '=', project)
        .where('name', '=', environment)
        .returning('sequence')
        .executeTakeFirstOrThrow();
      const drift = 'report' as const;
      const name = `test-${sequence}`;
      await db
        .insertInto('config_order')
        .values({ ...place, sequence, kind, revision, hash, drift, operation_id: null, name })
        .execute();
      return { sequence, revision, hash };
    },
    async give({ sequence }, ...proxies) {
      await db.transaction().execute(async (tx) => {
        await tx
          .updateTable('fleet_proxy')
          .set({ sequence, ordered_at: sql`clock_timestamp()` })
          .where('project', '=', project)
          .where('proxy', 'in', proxies)
          .execute();
        await sql`select pg_notify('config_order', ${`${project}/${environment}`})`.execute(tx);
      });
    },
    async makeLive({ sequence }) {
      await db
        .updateTable('config_environment')
        .set({ live_sequence: sequence })
        .where('project', '=', project)
        .where('name', '=', environment)
        .execute();
    },
  };
}
