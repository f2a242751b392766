import { expect, test } from 'vitest';
import type { ConfigReport } from '../../../contracts/config-bundle.ts';
import { jsonFault } from '../../../domain/json-fault.ts';
import { tellable } from '../../../proxy-agent/config-bundle/tellable.ts';

const plain: ConfigReport = {
  ...{ attempted: null, running: null, lastKnownGood: null, phase: 'idle', outcome: null, refusal: null },
  ...{ failure: null, failedStep: null, timings: {}, drift: null, now: '2026-11-29T12:00:00.000Z' },
  haproxy: { version: '2.6.12', oldWorkers: 0, failedReloads: 0 },
};
const drift = {
  ...{ kind: 'file' as const, detail: 'the file was edited', since: plain.now, policy: 'adopt' as const },
  ...{ mended: false, content: 'global\n' },
};

test('what is well is told as it is', () => {
  const report = { ...plain, failure: 'no such server: \u{1F525}', drift };
  expect(tellable(report)).toEqual(report);
});

test('whatever a program or a file says, the API can keep it', () => {
  const report = tellable({
    ...plain,
    failure: `half \ud83d and \0${'x'.repeat(10_000)}`,
    agentUpdate: { sequence: 1, version: '1', outcome: 'failed', failure: '\0 \udd25' },
  });
  expect(jsonFault(JSON.stringify(report))).toBeNull();
  expect(report.failure).toHaveLength(4000 - 1);
});

test.each([
  ['too long', 'a line\n'.repeat(100_000), /too long to be told/],
  ['no text', 'global\0', /holds a NUL/],
])('a drifted file that is %s is told without its text, and says so', (_, content, why) => {
  const told = tellable({ ...plain, drift: { ...drift, content } }).drift;
  expect(told).toMatchObject({ content: null, detail: expect.stringMatching(why) as string });
});
