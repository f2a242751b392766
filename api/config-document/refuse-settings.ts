import type { EnvironmentSettings } from '../../contracts/config-revision.ts';
import type { Db } from '../../db/connect.ts';
import { freezeProblems } from '../../domain/config-rollout/freeze-problems.ts';
import { problemIf } from '../../domain/config-document/problem.ts';
import { parseDuration } from '../../domain/duration.ts';
import { OpsError } from '../../domain/errors.ts';
import { refuseConfigPlan } from './refuse-plan.ts';

const yearMs = 365 * 86_400_000;

/** Refuses settings that no rollout could follow, each fault with its pointer. */
export async function refuseSettings(
  db: Db,
  project: string,
  { plan, freezes = [], bundleLifetime }: EnvironmentSettings,
): Promise<void> {
  await refuseConfigPlan(db, project, plan, '/plan');
  const lifetimeMs = bundleLifetime === undefined ? yearMs : parseDuration(bundleLifetime);
  const errors = [
    ...freezeProblems(freezes, '/freezes'),
    ...problemIf(
      lifetimeMs < 1000 || lifetimeMs > yearMs,
      '/bundleLifetime',
      `is ${bundleLifetime}; write a time from 1s to 365d`,
    ),
  ];
  const first = errors[0];
  if (first === undefined) return;
  throw new OpsError('invalid-input', `the settings cannot be followed: ${first.pointer} ${first.detail}`, {
    errors,
  });
}
