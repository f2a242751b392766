import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { fakeIssue } from '../feedback/fake-github.ts';
import { openSyncHouse } from '../feedback/sync-house.ts';
import { historiesFolder } from './histories.ts';

/** A part that is refused, a wait, and pages to the end. */
test('feedback sync', { timeout: 60_000 }, async () => {
  const house = await openSyncHouse();
  try {
    await house.put('gh', ['acme/gone', 'acme/shop']);
    house.github.issues.push(fakeIssue(1), fakeIssue(2));
    house.github.next.push({ status: 404 }, { status: 429, headers: { 'retry-after': '1' } });
    const handle = await house.client.workflow.start('feedbackSync', {
      ...{ workflowId: 'feedback/default/gh', taskQueue: 'feedback', args: [{ source: 'gh' }] },
    });
    expect(await handle.result()).toMatchObject({ changed: 2 });
    const file = path.join(historiesFolder, manifest.version, 'feedback-sync.json');
    await writeFile(file, `${historyToJSON(await handle.fetchHistory())}\n`);
  } finally {
    await house.close();
  }
});
