import type { Command } from 'commander';
import type { Bind } from './context.ts';

/** holdfast feedback import|list|show|add|retry|sources */
export function registerFeedbackCommands(program: Command, bind: Bind): void {
  const feedback = program
    .command('feedback')
    .description('what people report and programs complain of, as it comes in');
  const file = feedback
    .command('import')
    .description('upload a CSV or JSONL file of reports; the same file again counts nothing twice')
    .argument('<file>', 'a path, or - for standard input')
    .option('--format <format>', 'csv or jsonl (default: by the name of the file)');
  bind(file, async () => (await import('./feedback/import.ts')).importFeedback);
  const list = feedback
    .command('list')
    .description('list feedback, newest first')
    .option('--search <words>', 'only with these words; "a phrase", -without')
    .option('--source <name>', 'only from this source')
    .option('--kind <kind>', 'feedback or error')
    .option('--status <status>', 'open or closed')
    .option('--quarantined', 'only what could not be clustered')
    .option('--cluster <id>', 'only members of this cluster')
    .option('--limit <n>', 'how many', '20')
    .option('--csv', 'all of it as a table, on stdout');
  bind(list, async () => (await import('./feedback/items.ts')).listFeedback);
  const show = feedback.command('show').description('show a report').argument('<id>');
  bind(show, async () => (await import('./feedback/items.ts')).showFeedback);
  const add = feedback
    .command('add')
    .description('report something by hand')
    .argument('<title>')
    .option('--body <text>', 'more about it')
    .option('--kind <kind>', 'feedback or error', 'feedback')
    .option('--service <service>', 'what it is about')
    .option('--release <release>', 'the version it was seen in')
    .option('--label <label...>', 'labels');
  bind(add, async () => (await import('./feedback/items.ts')).addFeedback);
  const retry = feedback
    .command('retry')
    .description('give a quarantined report another try')
    .argument('<id>');
  bind(retry, async () => (await import('./feedback/items.ts')).retryFeedback);
  registerSourceCommands(feedback.command('sources').description('where feedback comes from'), bind);
}

function registerSourceCommands(sources: Command, bind: Bind): void {
  const list = sources.command('list').description('list sources with what came from them');
  bind(list, async () => (await import('./feedback/sources.ts')).listSources);
  const set = sources
    .command('set')
    .description('add a source or change it; what is not named stays')
    .argument('<name>')
    .option(
      '--kind <kind>',
      'github, gitlab, sentry, slack, alertmanager, datadog, posthog, splunk, reddit, manual',
    )
    .option('--secret <reference>', 'env:NAME or file:/PATH where the API runs: the secret of the webhook')
    .option('--token <reference>', 'env:NAME or file:/PATH where the worker runs: the token that polls')
    .option('--repository <name...>', 'github: owner/name to read issues of')
    .option('--gitlab-project <path...>', 'gitlab: group/name to read issues of')
    .option('--subreddit <name...>', 'reddit: subreddits to read')
    .option('--every <duration>', 'how often it is polled')
    .option('--only-label <label...>', 'keep only what has one of these labels')
    .option('--without-label <label...>', 'keep nothing that has one of these labels')
    .option('--level <level>', 'keep nothing below: debug, info, warning, error, fatal')
    .option('--daily-quota <n>', 'reports a day; 0: as many as come')
    .option('--enabled', 'switch it on')
    .option('--disabled', 'switch it off');
  bind(set, async () => (await import('./feedback/sources.ts')).setSource);
  const remove = sources
    .command('remove')
    .description('remove a source; what came from it stays')
    .argument('<name>');
  bind(remove, async () => (await import('./feedback/sources.ts')).removeSource);
}
