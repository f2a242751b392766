import type { Operation } from '../contracts/operation.ts';
import type { Db } from '../db/connect.ts';
import { findOperation } from '../db/operation.ts';
import { OpsError } from '../domain/errors.ts';

export async function requireOperation(db: Db, project: string, id: string): Promise<Operation> {
  const operation = await findOperation(db, project, id);
  if (operation === null) throw new OpsError('not-found', `there is no operation ${id}`);
  return operation;
}
