import { setTimeout as delay } from 'node:timers/promises';
import type { Db } from '../../db/connect.ts';
import { listProxies } from '../../db/proxy.ts';
import { healthy, wrong, type Finding } from './finding.ts';

const longestSilenceMs = 10_000;

/**
 * Each proxy agent reports once a second what it and its HAProxy do. One that starts at this moment, as after `holdfast up`, is waited
 * for where none was ever heard.
 */
export async function checkProxies(db: Db, patienceMs = 5000): Promise<Finding[]> {
  const deadline = performance.now() + patienceMs;
  let proxies = await listProxies(db);
  while (proxies.length === 0 && performance.now() < deadline) {
    await delay(200);
    proxies = await listProxies(db);
  }
  if (proxies.length === 0) {
    const fix = 'start one beside each HAProxy: holdfast up does so on one machine';
    return [wrong('proxy agents', 'no proxy agent was ever heard', fix)];
  }
  return proxies.map((proxy): Finding => {
    const title = `proxy ${proxy.name}`;
    const silentMs = Date.now() - Date.parse(proxy.lastSeen);
    if (silentMs > longestSilenceMs) {
      const seconds = Math.round(silentMs / 1000);
      return wrong(
        title,
        `its agent was last heard ${seconds} s ago`,
        'start the proxy agent, or look at its log',
      );
    }
    if (!proxy.reachable) {
      return wrong(
        title,
        'the runtime socket of HAProxy does not answer',
        'start HAProxy, or look at its log',
      );
    }
    if (proxy.configError !== null) {
      return wrong(
        title,
        `its configuration is refused: ${proxy.configError}`,
        'correct the base configuration',
      );
    }
    if (proxy.stopped !== null) {
      const fix =
        'when it is safe: node proxy-agent/main.ts release --reason REASON on the machine of the proxy';
      return wrong(title, `it was stopped on the spot: ${proxy.stopped}`, fix);
    }
    return healthy(title);
  });
}
