import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Config } from '../../config.ts';
import { haproxyBinary } from '../haproxy/binary.ts';
import { healthy, wrong, type Finding } from './finding.ts';

/** Servers are added at run time with health checks from this version on. */
const oldest = [2, 6] as const;
const install =
  'install HAProxy 2.6 or newer (on Debian: apt-get install haproxy), or set HOLDFAST_HAPROXY_BIN';

export async function checkHaproxy(config: Config): Promise<Finding> {
  try {
    const { stdout } = await promisify(execFile)(await haproxyBinary(config), ['-v'], { timeout: 5000 });
    const [, version = '', major, minor] = stdout.match(/version (([0-9]+)\.([0-9]+)\S*)/) ?? [];
    if (Number(major) > oldest[0] || (Number(major) === oldest[0] && Number(minor) >= oldest[1])) {
      return healthy('haproxy');
    }
    return wrong('haproxy', `HAProxy ${version} is too old`, install);
  } catch (error) {
    return wrong('haproxy', `HAProxy cannot be run: ${(error as Error).message}`, install);
  }
}
