import { afterAll, afterEach, beforeAll, expect, inject } from 'vitest';
import type { LanguageModel } from '../../../providers/llm/language-model.ts';
import { testDatabase } from '../postgres.ts';
import { openHouse, type RolloutHouse } from '../rollout-house.ts';
import { takeComplaints } from './core-log.ts';

/** One house for all tests of a file: each test has a service of its own. Fails a test during which a workflow task failed. */
export function houseForFile(
  options: { payloadKeys?: () => Promise<string>; languageModel?: LanguageModel } = {},
): () => RolloutHouse {
  let house: RolloutHouse | null = null;
  let dropDatabase = async (): Promise<void> => undefined;
  beforeAll(async () => {
    const database = await testDatabase();
    dropDatabase = () => database.close();
    house = await openHouse({
      databaseUrl: database.url,
      temporalAddress: inject('temporal').address,
      payloadKeys: await options.payloadKeys?.(),
      languageModel: options.languageModel,
    });
  });
  afterEach(() => expect(takeComplaints()).toEqual([]));
  afterAll(async () => {
    await house?.close();
    await dropDatabase();
  });
  return () => {
    if (house === null) throw new Error('the house is open only inside tests');
    return house;
  };
}
