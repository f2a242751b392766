import { userInfo } from 'node:os';
import { parseArgs } from 'node:util';
import { OpsError } from '../domain/errors.ts';
import { runAgent } from './run.ts';
import { readApiUrl, readSettings } from './settings.ts';
import { releaseVerb, reloadVerb, renderVerb, statusVerb, stopVerb } from './verbs.ts';

const usage = `usage: node proxy-agent/main.ts [run | render | reload | status | stop --reason R | release --reason R]

run      keep HAProxy at its desired state (the default)
render   write HAProxy's configuration from the base and the state on disk
reload   take a changed base configuration into use and prove the new worker
status   what is wanted, what holds it back, what HAProxy says (JSON)
stop     take every canary off, now and until release, also with the agent and the API dead
release  lift a stop`;

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  try {
    const { positionals, values } = parseArgs({
      args,
      allowPositionals: true,
      options: { reason: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
    const [verb = 'run', ...rest] = positionals;
    if (values.help) return say(usage);
    if (rest.length > 0) throw new OpsError('invalid-input', usage);
    return await perform(verb, values.reason);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    const isUsage =
      error instanceof TypeError || (error instanceof OpsError && error.code === 'invalid-input');
    return isUsage ? 2 : 1;
  }
}

async function perform(verb: string, reason: string | undefined): Promise<number> {
  const settings = readSettings(process.env);
  switch (verb) {
    case 'run':
      await runAgent(settings, readApiUrl(process.env), endSignal());
      return 0;
    case 'render':
      return say(await renderVerb(settings));
    case 'reload':
      return say(await reloadVerb(settings));
    case 'status':
      return say(await statusVerb(settings));
    case 'stop':
      return say(await stopVerb(settings, { reason: required(reason), by: userInfo().username }));
    case 'release':
      return say(releaseVerb(settings, required(reason)));
    default:
      throw new OpsError('invalid-input', usage);
  }
}

function required(reason: string | undefined): string {
  if (reason?.trim()) return reason;
  throw new OpsError('invalid-input', '--reason is needed: it is kept and shown to everybody');
}

function endSignal(): AbortSignal {
  const end = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => end.abort());
  return end.signal;
}

function say(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}
