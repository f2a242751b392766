import type { ConfigCheck } from './config-check.ts';
import { createHaproxyCheck, type HaproxyCheckOptions } from './haproxy.ts';
import { createShadowRun, type ShadowRun } from './shadow-run.ts';

export interface ConfigChecks {
  readonly configCheck: ConfigCheck;
  readonly shadowRun: ShadowRun;
}

/** Both ways to ask the proxy itself about a configuration, with the same program. */
export function createConfigChecks(options: HaproxyCheckOptions): ConfigChecks {
  return { configCheck: createHaproxyCheck(options), shadowRun: createShadowRun(options) };
}
