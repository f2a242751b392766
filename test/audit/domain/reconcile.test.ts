import { expect, test } from 'vitest';
import { reconcile } from '../../../domain/audit/reconcile.ts';

const shift = { id: '7', type: 'shiftTraffic', isCompleted: true };
const history = { workflow: 'w', run: 'r', activities: [shift] };
const by = { workflow: 'w', run: 'r', activity: '7', attempt: 1 };
const entry = { id: 'e', action: 'traffic.set', by };

test.each([
  ['both tell the same', [history], [entry], []],
  [
    'an effect that nobody wrote down',
    [history],
    [],
    [['history-without-audit', 'shiftTraffic (activity 7)']],
  ],
  [
    'an activity that has not completed',
    [{ ...history, activities: [{ ...shift, isCompleted: false }] }],
    [],
    [],
  ],
  [
    'an activity that may find all safe',
    [{ ...history, activities: [{ ...shift, type: 'restoreStable' }] }],
    [],
    [],
  ],
  ['an entry of a run that never was', [], [entry], [['audit-without-history', 'traffic.set']]],
  [
    'an entry of an activity that never was',
    [history],
    [entry, { ...entry, by: { ...by, activity: '8' } }],
    [['audit-without-history', 'traffic.set']],
  ],
  ['an entry of a person', [], [{ id: 'e', action: 'service.replace' }], []],
  [
    'what a local activity wrote',
    [history],
    [entry, { ...entry, action: 'canary-rollout.closed', by: { ...by, activity: '9' } }],
    [],
  ],
  ['a run that was reset and repeated it', [history, { ...history, run: 'r2' }], [entry], []],
])('%s', (_name, histories, entries, expected) => {
  const found = reconcile(histories, entries);

  expect(found.map(({ side, what }) => [side, what])).toEqual(expected);
});
