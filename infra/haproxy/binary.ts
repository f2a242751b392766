import type { Config } from '../../config.ts';
import { OpsError } from '../../domain/errors.ts';
import { findExecutable } from '../process/executable.ts';

/** The haproxy that was named, else the first one found. Throws `unavailable` with what to install. */
export async function haproxyBinary(config: Config): Promise<string> {
  const found = config.haproxy.binary ?? (await findExecutable('haproxy', config.searchPath));
  if (found !== null) return found;
  throw new OpsError('unavailable', 'haproxy is not installed; run make setup, or set HOLDFAST_HAPROXY_BIN');
}
