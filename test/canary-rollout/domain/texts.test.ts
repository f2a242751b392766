import { expect, test } from 'vitest';
import type { CanaryPhase, CanaryRolloutState } from '../../../contracts/canary-rollout.ts';
import { rolloutDetails, rolloutSummary } from '../../../domain/canary-rollout/texts.ts';
import { checkOf, planOf, stateOf } from './builders.ts';

const names = {
  operationId: '01J0000000000000000000TEST',
  project: 'shop',
  service: 'checkout',
  version: 'v2',
  stableVersion: 'v1',
  stuck: null,
};

test('one line tells where it is', () => {
  expect(rolloutSummary(stateOf(), planOf(), names)).toBe('checkout v2 is soaking, step 2 of 4 at 25 %');
  expect(rolloutSummary(stateOf({ phase: 'starting', step: -1 }), planOf(), names)).toBe(
    'checkout v2 is starting',
  );
});

test('one line tells how it ended', () => {
  const ended = stateOf({ phase: 'done', outcome: 'rolled-back', reason: '4 checks failed' });

  expect(rolloutSummary(ended, planOf(), names)).toBe('checkout v2 rolled-back: 4 checks failed');
});

test.each<[CanaryPhase, Partial<CanaryRolloutState>, string]>([
  ['waiting-for-approval', {}, 'holdfast canary approve checkout --project shop'],
  ['waiting-for-approval', {}, 'holdfast canary reject checkout --project shop'],
  ['paused', {}, 'holdfast canary resume checkout --project shop'],
  [
    'paused',
    { hold: { reason: 'upgrade', by: 'ann', until: null } },
    'holdfast canary release checkout --project shop',
  ],
  ['holding', {}, 'holdfast canary promote checkout --project shop'],
  ['soaking', {}, 'holdfast canary abort checkout --project shop'],
  ['done', { outcome: 'promoted' }, 'holdfast canary rollback checkout --project shop'],
])('while %s the details give the command to continue', (phase, change, command) => {
  expect(details({ phase, ...change })).toContain(`\`${command}\``);
});

test('the details show who holds, what is muted, what is stuck and what was seen', () => {
  const text = details(
    {
      hold: { reason: 'upgrade', by: 'ann', until: '2026-01-01T12:00:00.000Z' },
      muted: [{ metric: 'p99', reason: 'cold cache', by: 'bob', until: '2026-01-01T13:00:00.000Z' }],
      lastCheck: { ...checkOf('no-data'), at: '2026-01-01T11:00:00.000Z' },
    },
    'shiftTraffic: the agent of proxy local is silent',
  );

  expect(text).toContain('Held by ann: upgrade (until 2026-01-01T12:00:00.000Z)');
  expect(text).toContain('Muted: p99 by bob until 2026-01-01T13:00:00.000Z: cold cache');
  expect(text).toContain('Last check (2026-01-01T11:00:00.000Z): no-data, it is no-data');
  expect(text).toContain('**Stuck**: shiftTraffic: the agent of proxy local is silent');
});

test('a first release says that nothing is compared', () => {
  expect(rolloutDetails(stateOf(), planOf(), { ...names, stableVersion: null })).toContain(
    'nothing to compare with',
  );
});

function details(change: Partial<CanaryRolloutState>, stuck: string | null = null): string {
  return rolloutDetails(stateOf(change), planOf(), { ...names, stuck });
}
