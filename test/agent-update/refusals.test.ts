import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { describe, expect, test, vi } from 'vitest';
import { until } from '../support/haproxy.ts';
import { orderRelease, release } from './releases.ts';
import { inHouse, type UpdateHouse } from './update-house.ts';

// Two real programs beside Postgres, Temporal and the API: much for a busy machine.
vi.setConfig({ testTimeout: 300_000 });

/** An order of which the database says something else than what was uploaded. */
async function orderOf(
  { line, ...house }: UpdateHouse,
  version: string,
  column: 'content' | 'size',
  value: string | number,
): Promise<void> {
  line.cut();
  await orderRelease(house, await release(version));
  await sql`update agent_release set ${sql.ref(column)} = ${value} where version = ${version}`.execute(
    house.api.db,
  );
  line.heal();
}

/** Shorter than the line is cut: the clock of the trial has to stand still meanwhile. */
const shortTrial = { HOLDFAST_AGENT_TRIAL: '4s' };

describe.concurrent('an order', () => {
  test(
    'what is not as it was signed is refused by name and never run; the next good order is taken',
    inHouse(async (house) => {
      const { agent, outcome } = house;
      const pid = agent.pid();
      await orderOf(house, '0.3.0', 'content', 'process.exit(9)');
      await outcome(/refused size-mismatch/);
      const same = (await release('0.3.1')).replace('keep HAProxy at', 'keep HAProxy in');
      await orderOf(house, '0.3.1', 'content', same);
      await outcome(/refused hash-mismatch/);
      await orderOf(house, '0.3.2', 'size', 100_000_000);
      await outcome(/refused too-large/);

      const keys = house.proxy.env.HOLDFAST_PROXY_CONFIG_KEYS ?? '';
      const trusted = readFileSync(keys);
      writeFileSync(keys, '');
      await orderRelease(house, await release('0.3.3'));
      await outcome(/refused unknown-key/);
      expect(agent.pid()).toBe(pid);
      expect((await house.shown()).agentVersion).toBe('0.2.0');
      // A key that is trusted again makes the order a good one.
      writeFileSync(keys, trusted);
      await outcome(/running/);
      expect((await house.shown()).agentVersion).toBe('0.3.3');

      const older = sql`update agent_order set sequence = 1 where proxy = ${house.proxy.name}`;
      await older.execute(house.api.db);
      await until('it is refused as older', () => agent.log().includes('older-sequence'), 30_000);
      expect(agent.pid()).toBe(pid);
    }),
  );

  test(
    'with the control plane dead a release stays on trial and serves, and is judged when it is back',
    inHouse(async (house) => {
      const { agent, line, outcome } = house;
      await house.prove(await house.production.order(house.base('one')));
      await orderRelease(house, await release('0.3.0'));
      await until('it hands over', () => agent.log().includes('hands over to another release'), 30_000);
      line.cut();

      await sleep(10_000);

      expect(await house.answer()).toBe('one');
      expect(agent.starts).toBe(1);
      expect((await house.shown()).agentUpdate?.outcome).toBeNull();
      line.heal();
      await outcome(/running/);
      expect((await house.shown()).agentVersion).toBe('0.3.0');
    }, shortTrial),
  );
});
