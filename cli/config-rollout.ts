import type { Command } from 'commander';
import { registerDocumentCommands } from './config-rollout/register-documents.ts';
import { registerRolloutCommands } from './config-rollout/register-rollouts.ts';
import type { Bind } from './context.ts';

/** holdfast config … */
export function registerConfigCommands(program: Command, bind: Bind): void {
  const config = program
    .command('config')
    .description('the configuration of a fleet of proxies: kept as revisions, rolled out wave by wave')
    .addHelpText('after', overview);
  registerDocumentCommands(config, bind);
  registerRolloutCommands(config, bind);
}

const overview = `
From a file to every proxy:
  holdfast config pull config/proxy.yml --env production      write the head to a file
  holdfast config plan --file config/proxy.yml                what is wrong with it, what it would change, in which waves
  holdfast config put config/proxy.yml --reason 'new shop'    make it the head; nothing is rolled out by that
  holdfast config apply --wait                                roll the head out, wave by wave, and wait for the end
  holdfast config rollback --reason 'slow'                    back to what ran before, everywhere at once

--env says which environment; without it HOLDFAST_PROXY_ENVIRONMENT counts, or production.
A revision is its 64 characters, the first 6 or more of them, head, live or previous.
Exit codes: 0 done, 1 failed or rolled back, 2 a wrong flag or file, 3 not allowed, 4 not found, 5 a conflict,
6 not within --timeout (it goes on), 7 a person rejected it, 130 interrupted (it goes on).`;
