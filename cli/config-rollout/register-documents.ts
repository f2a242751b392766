import type { Command } from 'commander';
import type { Bind } from '../context.ts';

/** What is done with documents and revisions; nothing of it reaches a proxy. */
export function registerDocumentCommands(config: Command, bind: Bind): void {
  registerEditing(config, bind);
  registerComparing(config, bind);
  registerTrying(config, bind);
  registerEnvironments(config, bind);
}

export function inEnvironment(command: Command): Command {
  return command.option('--env <name>', 'environment (default: HOLDFAST_PROXY_ENVIRONMENT, or production)');
}

function registerEditing(config: Command, bind: Bind): void {
  const put = inEnvironment(
    config.command('put').description('make a file the head of its environment; rolls nothing out'),
  )
    .argument('[file]', 'YAML or JSON, - for standard input (default: config/proxy.yml)')
    .option('--reason <text>', 'why; kept in the history (required)');
  bind(onBase(put).addHelpText('after', aboutBases), async () => (await import('./put.ts')).putConfig);
  const pull = inEnvironment(
    config.command('pull').description('write the head to a file, and remember which it was'),
  )
    .argument('[file]', 'where to (default: config/proxy.yml); its comments stay')
    .option('--merge', 'keep changes of the file that were never put, on top of the head')
    .option('--ours', 'with --merge: where both changed the same part, keep that of the file')
    .option('--force', 'lose what the file holds');
  bind(pull, async () => (await import('./pull.ts')).pullConfig);
  const imported = inEnvironment(
    config
      .command('import')
      .description(
        'turn an existing haproxy.cfg into a document; each line that gets lost is told on stderr',
      ),
  )
    .argument('<haproxy.cfg>', 'a path, or - for standard input')
    .option('-o, --output <file>', 'write the YAML there (default: stdout)');
  bind(imported, async () => (await import('./import.ts')).importConfig);
}

/** How a file that is put says what it was made from. */
export function onBase(command: Command): Command {
  return command
    .option('--base <revision>', 'what the file was made from (default: as FILE.revision says)')
    .option('--merge', 'if others were faster: take their changes too, unless both changed the same part')
    .option('--ours', 'with --merge: where both changed the same part, keep that of the file');
}

const aboutBases = `
FILE.revision, beside the file, says which revision the file was made from; pull and put write it. Keep it in version control
with the file. When somebody else has put something since, nothing is overwritten: what they changed is shown, line and column
of what both changed too, and the exit code is 5. --merge takes both and brings the file up to date.
--base head puts the file in place of whatever is there, without a look.`;

function registerComparing(config: Command, bind: Bind): void {
  const show = inEnvironment(config.command('show').description('print a revision as YAML'))
    .argument('[revision]', 'which (default: head)')
    .option('--rendered', 'as the haproxy.cfg that it renders to');
  bind(show, async () => (await import('./show.ts')).showConfig);
  const history = inEnvironment(
    config.command('history').description('list what was the head: when, by whom, and why'),
  ).option('--limit <n>', 'how many, newest first', '20');
  bind(history, async () => (await import('./show.ts')).showHistory);
  const diff = inEnvironment(
    config
      .command('diff')
      .description('what changes: in words, in haproxy.cfg, and whether it takes a reload'),
  )
    .argument('[from]', 'revision (default: live, else the parent of the other)')
    .argument('[to]', 'revision (default: head)')
    .option('--file <file>', 'compare this file, which need not have been put, with what is live');
  bind(diff, async () => (await import('./diff.ts')).diffConfig);
}

function registerTrying(config: Command, bind: Bind): void {
  const plan = inEnvironment(
    config
      .command('plan')
      .description(
        'what a rollout would come to: problems by line and column, changes, waves with their proxies',
      ),
  )
    .option('--file <file>', 'of this file, which need not have been put (default: the head)')
    .option('--revision <revision>', 'of this revision')
    .option('--plan <file>', 'YAML with waves, checks, … (default: that of the environment)')
    .addHelpText(
      'after',
      `\nExit code 2: the document has problems, or HAProxy itself refuses it.\n${aboutPlans}`,
    );
  bind(plan, async () => (await import('./plan.ts')).planConfig);
  const simulate = inEnvironment(
    config
      .command('simulate')
      .description('answer requests with the old and the new HAProxy, and name each that changes'),
  )
    .option(
      '--requests <file>',
      'JSONL, - for standard input (default: what the fleet has seen in the last day)',
    )
    .option('--file <file>', 'with this file as the new one (default: the head)')
    .option('--revision <revision>', 'with this revision as the new one')
    .option('--against <revision>', 'with this revision as the old one (default: live, else head)')
    .option('--port <port>', 'for lines without one')
    .option('--host <host>', 'for lines without one')
    .option('--all', 'print every request, not only a few of each kind')
    .addHelpText('after', aboutRequests);
  bind(simulate, async () => (await import('./simulate.ts')).simulateConfig);
}

const aboutRequests = `
The agents of the proxies tell a sample of the requests, without headers and query; requests that routes tell apart by those come from a file.
A line is a request: {"port": 443, "method": "GET", "host": "shop.example.org", "path": "/cart", "headers": {"x-beta": "1"}}
Logs that are written as JSON go as they are: request_method, http_host, request_uri, url, server_port and the like are understood,
and other members are left aside. One simulation takes 5,000 requests; of more, every part of the file gives its share.`;

export const aboutPlans = `
A plan, all of which may be left out (then: 5 %, 25 %, everybody else, at most 5 % errors):
  waves:                                  # who is in none of them comes last; []: everybody at once
    - { percent: 5, bake: 5m }            # of the whole fleet, counted with the percent waves before
    - { regions: [fra, ams], bake: 10m }
    - { labels: { tier: edge }, approval: true }
  rest: { bake: 10m }
  checks: { errorRate: { max: 1, maxIncrease: 0.5 }, p99: { max: 300 }, probe: { port: 8080, path: /healthz } }
  partition: { policy: proceed, after: 30s, budgetPercent: 5 }   # proxies that fall silent: wait, proceed or abort
  apply: 1m                               # a wave is proven live within
  deadline: 4h`;

function registerEnvironments(config: Command, bind: Bind): void {
  const env = config.command('env').description('environments: fleets that run one configuration');
  const list = env.command('list').description('list the environments with their heads and fleets');
  bind(list, async () => (await import('./settings.ts')).listEnvironments);
  const show = inEnvironment(
    env.command('show').description('print the settings as YAML; what the environment runs is on stderr'),
  ).argument('[name]', 'instead of --env');
  bind(show, async () => (await import('./settings.ts')).showEnvironment);
  const set = inEnvironment(
    env.command('set').description('replace the settings by those of a file; makes the environment too'),
  )
    .usage('[options] [name] <file>')
    .argument('<name-or-file>', 'the environment, in place of --env; or the file at once')
    .argument('[file]', 'YAML or JSON, - for standard input')
    .option('--force', 'also when somebody else has changed them since env show printed the file')
    .addHelpText('after', aboutSettings);
  bind(set, async () => (await import('./settings.ts')).setEnvironment);
}

const aboutSettings = `
What env show prints, changed, goes back by it. All of it may be left out:
  plan: { waves: [{ percent: 10, bake: 5m }] }      # of rollouts that name none; see: holdfast config plan --help
  freezes:                                          # no wave begins in them
    - { days: [fri], from: '16:00', to: '23:59', timeZone: Europe/Berlin, reason: weekend }
    - { since: 2026-12-20T00:00:00Z, until: 2027-01-04T00:00:00Z, reason: holidays }
  expectations:                                     # a real HAProxy must answer so, or nothing is touched
    - { request: { port: 443, method: GET, host: shop.example.org, path: /cart }, backend: cart }
  drift: revert                                     # report, adopt or revert
  bundleLifetime: 7d                                # a proxy takes no order that is older`;
