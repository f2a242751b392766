import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ConfigDrift, DriftPolicy } from '../../../contracts/config-bundle.ts';
import { buildConfigHouse, type ConfigHouse } from '../../support/config-house.ts';
import { until } from '../../support/haproxy.ts';

describe('a proxy that is no longer as its configuration says', () => {
  let house: ConfigHouse;

  beforeEach(async () => {
    house = await buildConfigHouse();
  });
  afterEach(() => house.close());

  async function applyWith(drift?: DriftPolicy): Promise<void> {
    const bundle = house.bundle(house.base('ours'), drift && { drift });
    house.plane.offer(bundle);
    expect(await house.ended(bundle)).toMatchObject({ outcome: 'proven', drift: null });
  }

  async function toldDrift(holds: (drift: ConfigDrift) => boolean): Promise<ConfigDrift> {
    let found: ConfigDrift | null | undefined;
    await until('the drift is told', () => {
      found = house.plane.reports.at(-1)?.drift;
      return found != null && holds(found);
    });
    if (!found) throw new Error('unreachable');
    return found;
  }

  test('by an edit of the file is told, and the edit stays', async () => {
    await applyWith();
    appendFileSync(house.proxy.config, '# by hand\n');

    const drift = await toldDrift(() => true);

    expect(drift).toMatchObject({ kind: 'file', policy: 'report', mended: false, content: null });
    expect(readFileSync(house.proxy.config, 'utf8')).toContain('# by hand');
    writeFileSync(house.proxy.config, readFileSync(house.proxy.config, 'utf8').replace('# by hand\n', ''));
    await toldDrift(({ mended }) => mended);
  });

  test('is told with the text that was found where it may be adopted', async () => {
    await applyWith('adopt');
    appendFileSync(house.proxy.config, '# by hand\n');

    const drift = await toldDrift(() => true);

    expect(drift).toMatchObject({ kind: 'file', policy: 'adopt', mended: false });
    expect(drift.content).toContain('# by hand');
  });

  test('is brought back and proven where that is wanted, also when the edit runs already', async () => {
    await applyWith('revert');
    const edited = readFileSync(house.proxy.config, 'utf8').replace('"ours"', '"theirs"');
    await house.proxy.killAgent();
    writeFileSync(house.proxy.config, edited);
    await house.proxy.killHaproxy();
    await house.proxy.startHaproxy();
    expect(await house.answer()).toBe('theirs');

    await house.proxy.startAgent(house.plane.url);

    expect(await toldDrift(({ mended }) => mended)).toMatchObject({ kind: 'file', policy: 'revert' });
    expect(await house.answer()).toBe('ours');
    expect(readFileSync(house.proxy.config, 'utf8')).toContain('"ours"');
  });

  test('because HAProxy runs something else altogether is brought back, too', async () => {
    await applyWith('revert');
    const ours = readFileSync(house.proxy.config, 'utf8');
    await house.proxy.killAgent();
    await house.proxy.killHaproxy();
    writeFileSync(house.proxy.config, house.base('theirs'));
    await house.proxy.startHaproxy();
    writeFileSync(house.proxy.config, ours);

    await house.proxy.startAgent(house.plane.url);

    expect(await toldDrift(({ mended }) => mended)).toMatchObject({ kind: 'running', policy: 'revert' });
    expect(await house.answer()).toBe('ours');
  });
});
