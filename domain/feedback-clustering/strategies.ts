import { OpsError } from '../errors.ts';
import { agglomerative } from './agglomerative.ts';
import { centroid } from './centroid.ts';
import { fingerprintOnly } from './fingerprint-only.ts';
import type { Strategy } from './strategy.ts';
import { vectorLike } from './vector-like.ts';

/** The ways to cluster, by the name that a project chooses one with. */
export const strategies = {
  agglomerative,
  centroid,
  vector_like: vectorLike,
  fingerprint: fingerprintOnly,
} as const satisfies Record<string, Strategy>;

export type StrategyName = keyof typeof strategies;

export function strategyNamed(name: string): Strategy {
  if (Object.hasOwn(strategies, name)) return strategies[name as StrategyName];
  throw new OpsError(
    'invalid-input',
    `there is no clustering strategy ${name}: choose one of ${Object.keys(strategies).join(', ')}`,
  );
}
