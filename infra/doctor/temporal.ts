import { Connection } from '@temporalio/client';
import { temporalConnectionOptions, type TemporalCredentials } from '../../temporal-connection/options.ts';
import { healthy, wrong, type Finding } from './finding.ts';

export interface TemporalPlace {
  readonly address: string;
  readonly namespace: string;
  readonly credentials: TemporalCredentials;
}

/** Calls back with a connection to a frontend that answers; else the finding says why there is none. */
export async function withTemporal(
  { address, namespace, credentials }: TemporalPlace,
  use: (connection: Connection) => Promise<Finding[]>,
): Promise<Finding[]> {
  const fix = 'start it (embedded: holdfast up), or correct TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE';
  let connection: Connection | null = null;
  try {
    connection = await Connection.connect({
      ...temporalConnectionOptions(address, credentials),
      connectTimeout: '3s',
    });
    await connection.workflowService.describeNamespace({ namespace });
  } catch (error) {
    await connection?.close();
    return [wrong('temporal', `Temporal at ${address} does not answer: ${(error as Error).message}`, fix)];
  }
  try {
    return [healthy('temporal'), ...(await use(connection))];
  } finally {
    await connection.close();
  }
}
