import { connect } from '../../../db/connect.ts';
import { addBatch } from '../../../db/log-window/add.ts';
import { inProject } from '../../../db/scope.ts';
import { batches } from './batches.ts';

/** A process that sends every batch, and is killed while it does. Says each one that it was told is kept. */
const db = connect(process.env['DATABASE_URL'] ?? '', { max: 4 });
await Promise.all(
  batches.map(async (batch) => {
    await inProject(batch.project, () => addBatch(db, batch));
    process.stdout.write(`${batch.batchId}\n`);
  }),
);
await db.destroy();
