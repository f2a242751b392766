import { loadConfig } from '../../config.ts';
import { OpsError } from '../../domain/errors.ts';
import { installDebianPackages, missingPrograms, programsForTests, programsToRun } from './debian.ts';
import { say } from './say.ts';
import { bringTemporal } from './temporal.ts';

try {
  await setUp(process.argv.includes('--tests'));
} catch (error) {
  if (!(error instanceof OpsError)) throw error;
  say(error.message);
  process.exitCode = 1;
}

async function setUp(withTests: boolean): Promise<void> {
  const config = loadConfig(process.env);
  const programs = withTests ? [...programsToRun, ...programsForTests] : programsToRun;
  const missing = await missingPrograms(programs, config);
  if (missing.length > 0) await installDebianPackages(missing, config);
  if (config.temporal.address === null || withTests) await bringTemporal(config);
}
