import { sealEntries } from '../../db/audit/seal.ts';
import { audit } from '../../db/audit.ts';
import { connect, connectUnwalled } from '../../db/connect.ts';
import { inProject } from '../../db/scope.ts';
import { appendNaively } from './naive-chain.ts';

/**
 * One process of an installation that appends to the audit of one project and seals what anybody appended, until it is told to stop on
 * standard input, or killed. Arguments: one JSON object.
 */
export interface ProcessOptions {
  readonly url: string;
  readonly project: string;
  readonly kind: 'sealed' | 'naive';
  /** Entries in a transaction. */
  readonly batch: number;
}

const sealEveryMs = 200;
const { url, project, kind, batch } = JSON.parse(process.argv[2] ?? '{}') as ProcessOptions;
// The naive chain has a table that the application's role knows nothing of.
const db = (kind === 'naive' ? connectUnwalled : connect)(url, { max: 3 });
let isStopping = false;
process.stdin.once('data', () => (isStopping = true));
process.stdout.write('ready\n');
await (kind === 'naive' ? appendChain() : inProject(project, () => Promise.all([append(), seal()])));
await db.destroy();
process.exit();

async function append(): Promise<void> {
  for (let round = 0; !isStopping; round += 1) {
    const entries = Array.from({ length: batch }, (_, index) => ({
      project,
      principal: 'bench',
      action: 'service.replace',
      subject: `service-${process.pid}`,
      operationId: null,
      detail: { round, index, instances: 3, health: { path: '/health', timeoutMs: 2000 } },
    }));
    await db.transaction().execute((tx) => audit(tx, ...entries));
  }
}

async function seal(): Promise<void> {
  while (!isStopping) {
    const sealed = await sealEntries(db, project);
    if (sealed === 0) await new Promise((resolve) => setTimeout(resolve, sealEveryMs));
  }
}

async function appendChain(): Promise<void> {
  for (let round = 0; !isStopping; round += 1) await appendNaively(db, project, { round });
}
