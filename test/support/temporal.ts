import { Client, Connection } from '@temporalio/client';
import { ulid } from 'ulid';
import { inject } from 'vitest';

export interface TestTemporal {
  readonly address: string;
  readonly namespace: string;
  /** The temporal CLI of the run. */
  readonly binary: string;
  readonly connection: Connection;
  readonly client: Client;
  /** A task queue that no other test file uses. */
  readonly taskQueue: string;
  close(): Promise<void>;
}

/** A client of the run's Temporal server, which all files share: use the task queue given here, and ids of your own. */
export async function testTemporal(): Promise<TestTemporal> {
  const { address, namespace, binary } = inject('temporal');
  const connection = await Connection.connect({ address, interceptors: [] });
  return {
    address,
    namespace,
    binary,
    connection,
    client: new Client({ connection, namespace }),
    taskQueue: `test-${ulid().toLowerCase()}`,
    close: () => connection.close(),
  };
}
