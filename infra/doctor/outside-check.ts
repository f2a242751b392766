import type { Config } from '../../config.ts';
import { connectUnwalled } from '../../db/connect.ts';
import { readStackRecord } from '../stack/record.ts';
import { checkPollers } from './pollers.ts';
import { checkPostgres } from './postgres.ts';
import { staleRollouts } from './stale-rollouts.ts';
import { withTemporal, type TemporalPlace } from './temporal.ts';
import { whereToLook } from './where.ts';

export interface Verdict {
  readonly ok: boolean;
  readonly problems: readonly string[];
}

/** Whether somebody works: workers poll, and every rollout under watch was judged within `staleMs`. */
export async function look(config: Config, { staleMs }: { staleMs: number }): Promise<Verdict> {
  const where = whereToLook(config, await readStackRecord(config.home));
  const problems = [
    ...(where.temporal === null
      ? ['there is no Temporal to ask: the stack is down']
      : await missingWorkers(where.temporal)),
    ...(where.databaseUrl === null
      ? ['there is no database to ask: the stack is down']
      : await unjudged(where.databaseUrl, staleMs)),
  ];
  return { ok: problems.length === 0, problems };
}

async function missingWorkers(temporal: TemporalPlace): Promise<string[]> {
  const findings = await withTemporal(temporal, (connection) => checkPollers(connection, temporal.namespace));
  return findings.filter((finding) => !finding.ok).map((finding) => `${finding.name}: ${finding.problem}`);
}

async function unjudged(url: string, staleMs: number): Promise<string[]> {
  const reachable = await checkPostgres(url);
  if (!reachable.ok) return [`postgres: ${reachable.problem}`];
  const db = connectUnwalled(url, { max: 1 });
  try {
    const stale = await staleRollouts(db, staleMs);
    return stale.map(({ id, service, project }) => {
      return `rollout ${id} of ${service} in ${project} has not been judged for ${staleMs / 1000} s`;
    });
  } finally {
    await db.destroy();
  }
}
