import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SampledRequest, ShadowAnswer } from '../../domain/config-document/impact.ts';
import type { ShadowConfig } from '../../domain/config-document/shadow-config.ts';
import type { HaproxyCheckOptions } from './haproxy.ts';
import { replayAll, type Target } from './replay.ts';
import { startConfined } from './confined-server.ts';
import { writeStubs } from './stubs.ts';

export interface ShadowRun {
  /**
   * What a proxy with this configuration would do with each request, in their order. Backends answer by themselves, nobody outside is
   * reached, and limits by address of the client do not count. Throws `unavailable` when the proxy does not start.
   */
  replay(
    config: ShadowConfig,
    requests: readonly SampledRequest[],
    signal: AbortSignal,
  ): Promise<ShadowAnswer[]>;
}

/** A real HAProxy on private sockets in a folder of its own, without a network; nothing is left of it. */
export function createShadowRun({ haproxy, scratch }: HaproxyCheckOptions): ShadowRun {
  return {
    async replay(config, requests, signal) {
      const folder = await mkdtemp(join(scratch, 'holdfast-shadow-'));
      try {
        const targets = await prepare(config, folder);
        const sockets = targets.map(({ socket }) => socket);
        const command = [haproxy, '-db', '-f', join(folder, 'haproxy.cfg')];
        const server = await startConfined(command, { folder, sockets, signal });
        try {
          return await replayAll(requests, targets, config.ignored, signal);
        } finally {
          await server.stop();
        }
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

async function prepare(config: ShadowConfig, folder: string): Promise<Target[]> {
  const targets = config.binds.map((bind, place) => ({ ...bind, socket: join(folder, `${place}.sock`) }));
  const bindAt = (frontend: string, index: number): string =>
    targets.find((target) => target.frontend === frontend && target.index === index)?.socket ?? '';
  const { text } = config.render({
    certificates: folder,
    authorities: folder,
    resolvesNames: false,
    nodeAddress: '127.0.0.1',
    runtimeSocket: null,
    proof: null,
    shadow: { bindAt, watched: config.watched },
  });
  await writeStubs(folder, config.references);
  await writeFile(join(folder, 'haproxy.cfg'), text, { mode: 0o600 });
  return targets;
}
