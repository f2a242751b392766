import type { Command } from 'commander';
import type { Bind } from './context.ts';

/** holdfast clusters list|show|why|status|jobs|run|settings|merge|split|move|lock|… */
export function registerClusterCommands(program: Command, bind: Bind): void {
  const clusters = program
    .command('clusters')
    .description('what feedback and errors are about, and what people do to it');
  registerLooking(clusters, bind);
  registerRuns(clusters, bind);
  registerEdits(clusters, bind);
}

function registerLooking(clusters: Command, bind: Bind): void {
  const list = clusters
    .command('list')
    .description('list clusters, those seen last first')
    .argument('[words...]', 'only those about these words')
    .option('--state <state>', 'new, triaged, fixing, fixed or ignored')
    .option('--source <name>', 'only clusters with an item of this source')
    .option('--all', 'clusters of a single item too')
    .option('--limit <n>', 'how many', '20');
  bind(list, async () => (await import('./feedback-clustering/show.ts')).listClusters);
  const show = clusters
    .command('show')
    .description(
      'show a cluster with its newest items; an id that is gone leads to the cluster that has its items',
    )
    .argument('<cluster>');
  bind(show, async () => (await import('./feedback-clustering/show.ts')).showCluster);
  const why = clusters
    .command('why')
    .description('why an item is in its cluster')
    .argument('<cluster>')
    .argument('<item>');
  bind(why, async () => (await import('./feedback-clustering/show.ts')).explainItem);
}

function registerRuns(clusters: Command, bind: Bind): void {
  const status = clusters.command('status').description('what waits, what runs, how the last job ended');
  bind(status, async () => (await import('./feedback-clustering/jobs.ts')).showStatus);
  const jobs = clusters
    .command('jobs')
    .description('list jobs, newest first')
    .option('--limit <n>', 'how many', '20');
  bind(jobs, async () => (await import('./feedback-clustering/jobs.ts')).listJobs);
  const run = clusters
    .command('run')
    .description('cluster everything again; ids and what people decided stay')
    .option('--timeout <duration>', 'wait no longer (exit code 6); the job goes on', '10m')
    .option('--no-wait', 'only ask for it');
  bind(run, async () => (await import('./feedback-clustering/jobs.ts')).runEverything);
  const settings = clusters
    .command('settings')
    .description('show how the project clusters, or change it; a change clusters everything again')
    .option('--method <method>', 'agglomerative, centroid, vector_like or fingerprint')
    .option('--threshold <similarity>', 'over 0, at most 1; auto: calibrated on the texts of the project')
    .option('--min-size <n>', 'smaller clusters come apart')
    .option('--truncate <chars>', 'so much of a body is compared')
    .option('--codeowners <file>', 'a CODEOWNERS file: errors are owned by the paths in their stacks')
    .option('--defaults', 'back to what the installation has');
  bind(settings, async () => (await import('./feedback-clustering/jobs.ts')).changeSettings);
}

function registerEdits(clusters: Command, bind: Bind): void {
  const edit = (name: string, description: string): Command =>
    clusters.command(name).description(description).option('--reason <text>', 'why, for the audit');
  const actions = () => import('./feedback-clustering/edit.ts');
  bind(
    edit('merge', 'put the items of one cluster into another').argument('<cluster>').argument('<into>'),
    async () => (await actions()).merge,
  );
  bind(
    edit('split', 'items of a cluster become one of their own').argument('<cluster>').argument('<items...>'),
    async () => (await actions()).split,
  );
  bind(
    edit('move', 'put items into a cluster')
      .argument('<items...>')
      .requiredOption('--to <cluster>', 'where to'),
    async () => (await actions()).move,
  );
  bind(
    edit('lock', 'new items may come in, and nothing else changes')
      .argument('<cluster>')
      .option('--closed', 'nothing comes in either'),
    async () => (await actions()).lock,
  );
  bind(
    edit('unlock', 'it changes like any other again').argument('<cluster>'),
    async () => (await actions()).unlock,
  );
  bind(
    edit('link', 'these items stay in one cluster').argument('<items...>'),
    async () => (await actions()).link,
  );
  bind(
    edit('unlink', 'these items are never in a cluster with those')
      .argument('<items...>')
      .requiredOption('--from <items...>', 'those'),
    async () => (await actions()).unlink,
  );
  bind(
    edit('rename', 'give it a title that stays').argument('<cluster>').argument('<title>'),
    async () => (await actions()).rename,
  );
  bind(
    edit(
      'state',
      'new, triaged, fixing, fixed or ignored; one that is fixed opens again when it is seen again',
    )
      .argument('<cluster>')
      .argument('<state>')
      .option(
        '--release <release>',
        'with fixed: the release that fixes it; older ones do not open it again',
      ),
    async () => (await actions()).setState,
  );
  bind(
    edit('undo', 'take an edit back, within 24 hours').argument('<edit>'),
    async () => (await actions()).undo,
  );
  const edits = clusters
    .command('edits')
    .description('what people did, newest first')
    .option('--limit <n>', 'how many', '20');
  bind(edits, async () => (await actions()).listEdits);
}
