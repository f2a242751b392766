import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text as textOfStream } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, inject, test, vi } from 'vitest';
import { until } from '../support/haproxy.ts';
import { orderRelease, release, releaseThat } from './releases.ts';
import { inHouse, type UpdateHouse } from './update-house.ts';

// Two real programs beside Postgres, Temporal and the API: much for a busy machine. Most of the time each waits for a report.
vi.setConfig({ testTimeout: 300_000, maxConcurrency: 3 });

/** Of one that never becomes healthy, the time until it is taken back. */
const shortTrial = { HOLDFAST_AGENT_TRIAL: '4s' };

/** `make test` takes one moment and two steps, `make test-long` all of them. */
const isLong = inject('long');
const seeds = isLong ? [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] : [1];

/** What is on the disk of the host after each step. */
const steps: [string, (state: string, files: readonly string[]) => boolean][] = [
  ['the order is taken', (state) => state.includes('"outcome":null')],
  ['the release is written', (_, files) => files.some((name) => name.endsWith('.mjs'))],
  ['the first start is counted', (state) => state.includes('"starts":1')],
  ['the trial is passed', (state) => state.includes('"outcome":"running"')],
];

describe.concurrent('an agent that is ordered', () => {
  test(
    'the agent becomes the release that was ordered; its process stays, and no request fails',
    inHouse(async (house) => {
      const { agent, ended } = house;
      await house.prove(await house.production.order(house.base('one')));
      const pid = agent.pid();
      const load = keepAsking(house);

      const sequence = await orderRelease(house, await release('0.3.0'));
      const shown = await ended(sequence);
      const { failed, asked } = await load.stop();

      expect(shown.agentUpdate).toMatchObject({
        sequence,
        version: '0.3.0',
        outcome: 'running',
        failure: null,
      });
      expect(shown.agentVersion).toBe('0.3.0');
      expect([agent.pid(), agent.starts]).toEqual([pid, 1]);
      expect(failed).toEqual([]);
      expect(asked).toBeGreaterThan(50);
      await house.prove(await house.production.order(house.base('two')));
      expect(await house.answer()).toBe('two');
      agent.kill('SIGKILL');
      await until('it is started again', () => agent.starts === 2);
      // A configuration and a release at one moment: neither gets lost.
      const [next, config] = await Promise.all([
        orderRelease(house, await release('0.4.0')),
        house.production.order(house.base('three')),
      ]);
      expect(await ended(next)).toMatchObject({ agentVersion: '0.4.0', agentUpdate: { outcome: 'running' } });
      await house.prove(config);
      expect(await house.answer()).toBe('three');
    }),
  );

  test(
    'a release that breaks after its trial gives way to the installed program, and is not tried again',
    inHouse(async (house) => {
      const { agent, ended } = house;
      const flag = join(house.proxy.folder, 'break');
      const broken = `if (process.getBuiltinModule('fs').existsSync(${JSON.stringify(flag)})) process.exit(3)`;
      const sequence = await orderRelease(house, await releaseThat('0.3.0', broken));
      expect(await ended(sequence)).toMatchObject({
        agentVersion: '0.3.0',
        agentUpdate: { outcome: 'running' },
      });

      writeFileSync(flag, '');
      agent.kill('SIGKILL');
      await until(
        'the installed one runs',
        async () => (await house.shown()).agentVersion === '0.2.0',
        60_000,
      );

      expect((await house.shown()).agentUpdate).toMatchObject({
        ...{ sequence, outcome: 'restored' },
        failure: expect.stringContaining('started 5 times') as string,
      });
      const { starts } = agent;
      const next = await orderRelease(house, await release('0.4.0'));
      expect(await ended(next)).toMatchObject({ agentVersion: '0.4.0', agentUpdate: { outcome: 'running' } });
      expect(agent.starts).toBe(starts);
    }),
  );

  test(
    'a release that crashes at its start is taken back, and is not tried again',
    inHouse(async (house) => {
      const { agent, ended } = house;
      const sequence = await orderRelease(house, await releaseThat('0.3.0', 'process.exit(3)'));

      const shown = await ended(sequence);

      expect(shown).toMatchObject({ agentVersion: '0.2.0', agentUpdate: { outcome: 'restored' } });
      expect(shown.agentUpdate?.failure).toBe('it was started 3 times and never became healthy');
      const { starts } = agent;
      await sleep(3000);
      expect(agent.starts).toBe(starts);
      const next = await orderRelease(house, await release('0.4.0'));
      expect(await ended(next)).toMatchObject({ agentVersion: '0.4.0', agentUpdate: { outcome: 'running' } });
    }),
  );

  test(
    'a release that hangs is killed by the guard, and the one before it comes back',
    inHouse(async (house) => {
      const { ended } = house;
      const sequence = await orderRelease(house, await releaseThat('0.3.0', 'for (;;);'));

      const shown = await ended(sequence);

      expect(shown).toMatchObject({ agentVersion: '0.2.0', agentUpdate: { outcome: 'restored' } });
      expect(shown.agentUpdate?.failure).toContain('was not healthy within 4 s');
    }, shortTrial),
  );

  test(
    'a release that cannot tell the API is taken back in the same process',
    inHouse(async (house) => {
      const { agent, ended } = house;
      const mute = (await release('0.3.0')).replaceAll('/config-reports', '/nowhere');
      const pid = agent.pid();

      const shown = await ended(await orderRelease(house, mute));

      expect(shown).toMatchObject({ agentVersion: '0.2.0', agentUpdate: { outcome: 'restored' } });
      expect([agent.pid(), agent.starts]).toEqual([pid, 1]);
    }, shortTrial),
  );

  test(
    'a release that fails its check is never started',
    inHouse(async (house) => {
      const { agent, ended } = house;
      const broken = (await release('0.3.0')).replace('\n', '\nthrow new Error("broken");\n');

      const shown = await ended(await orderRelease(house, broken));

      expect(shown).toMatchObject({ agentVersion: '0.2.0', agentUpdate: { outcome: 'failed' } });
      expect(shown.agentUpdate?.failure).toContain('broken');
      expect(agent.starts).toBe(1);
    }),
  );

  test.each(seeds)('killed at any moment (seed %i) it is the old one or the new one', (seed) =>
    inHouse(async (house) => {
      const { agent, ended } = house;
      const sequence = await orderRelease(house, await release('0.3.0'));
      // Of the about 3 s that an update takes, a part that differs by seed.
      for (let kill = 0; kill < 2; kill += 1) {
        await sleep(((seed * 7919 + kill * 104_729) % 1500) + 100);
        agent.kill('SIGKILL');
      }

      const shown = await ended(sequence);

      expect(shown.agentUpdate?.outcome).toBe('running');
      expect(shown.agentVersion).toBe('0.3.0');
    })(),
  );

  test.each(isLong ? steps : steps.slice(1, 3))(
    'killed as soon as %s it ends up as the new one',
    (_, isReached) =>
      inHouse(async (house) => {
        const { agent, ended } = house;
        const folder = join(house.proxy.folder, 'agent/agent');
        let isKilled = false;
        const look = setInterval(() => {
          const files = existsSync(folder) ? readdirSync(folder) : [];
          const state = files.includes('current.json')
            ? readFileSync(join(folder, 'current.json'), 'utf8')
            : '';
          if (isKilled || !isReached(state, files)) return;
          isKilled = true;
          agent.kill('SIGKILL');
        }, 1);

        const sequence = await orderRelease(house, await release('0.3.0'));
        await until('it was killed and started again', () => agent.starts > 1, 60_000);
        clearInterval(look);
        const shown = await ended(sequence);
        await until('it runs', async () => (await house.shown()).agentVersion === '0.3.0', 30_000);

        expect(shown.agentUpdate?.outcome).toBe('running');
        // Whatever was half done is cleared away, and the only release is a whole one.
        const files = readdirSync(folder).filter((name) => name.includes('.mjs'));
        expect(files).toHaveLength(1);
        const content = readFileSync(join(folder, files[0] ?? ''));
        expect(`${createHash('sha256').update(content).digest('hex')}.mjs`).toBe(files[0]);
      })(),
  );
});

/** Asks HAProxy without a pause, each time on a connection of its own. */
/** Requests to the house's proxy from a process of its own, one after the other, that are to be answered by `one`. */
function keepAsking({ proxy }: UpdateHouse): { stop(): Promise<{ asked: number; failed: string[] }> } {
  const script = fileURLToPath(new URL('asking-process.ts', import.meta.url));
  const child = spawn(process.execPath, [script, proxy.frontends.shop ?? '', 'one'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const told = textOfStream(child.stdout);
  return {
    async stop() {
      child.kill('SIGTERM');
      return JSON.parse(await told) as { asked: number; failed: string[] };
    },
  };
}
