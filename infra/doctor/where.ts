import type { Config } from '../../config.ts';
import type { TemporalPlace } from './temporal.ts';
import { isSupervised, type StackRecord } from '../stack/record.ts';

/** Where the parts are: what was set, else where the running stack says. null where there is nothing to ask. */
export interface Where {
  readonly databaseUrl: string | null;
  readonly temporal: TemporalPlace | null;
  readonly apiUrl: string | null;
  readonly temporalUiUrl: string | null;
}

export function whereToLook(config: Config, record: StackRecord | null): Where {
  const stack = record !== null && isSupervised(record) ? record : null;
  const { namespace, credentials } = config.temporal;
  const address = config.temporal.address ?? stack?.connections.temporalAddress ?? null;
  return {
    databaseUrl: config.databaseUrl ?? stack?.connections.databaseUrl ?? null,
    temporal: address === null ? null : { address, namespace, credentials },
    apiUrl: config.api.url ?? stack?.urls.api ?? null,
    temporalUiUrl: stack?.urls.temporalUi ?? null,
  };
}
