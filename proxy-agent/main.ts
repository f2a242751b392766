import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { parseArgs } from 'node:util';
import { OpsError } from '../domain/errors.ts';
import { checkVerb } from './agent-update/check.ts';
import { chooseProgram } from './agent-update/choose-program.ts';
import { guardTrial } from './agent-update/guard.ts';
import { handOver } from './agent-update/hand-over.ts';
import { forgetStarts } from './agent-update/start-count.ts';
import { enrolAgent } from './enrol.ts';
import { lockState } from './lock-state.ts';
import { createLog } from './log.ts';
import { runAgent } from './run.ts';
import { readApiUrl, readSettings, type AgentSettings } from './settings.ts';
import { releaseVerb, reloadVerb, renderVerb, statusVerb, stopVerb } from './verbs.ts';

const usage = `usage: node proxy-agent/main.ts [run | enroll --token-file F | render | reload | status | check | stop --reason R | release --reason R]

run      keep HAProxy at its desired state (the default)
enroll   trade a one-time token (in file F, or on stdin with -) for this agent's key
render   write HAProxy's configuration from the base and the state on disk
reload   take a changed base configuration into use and prove the new worker
status   what is wanted, what holds it back, what HAProxy says (JSON)
check    whether this program can work with the settings and the state of the host; changes nothing
stop     take every canary off, now and until release, also with the agent and the API dead
release  lift a stop`;

// Whatever a fault has left open must not keep the process: whoever started the agent starts it again.
process.exit(await main(process.argv.slice(2)));

async function main(args: string[]): Promise<number> {
  try {
    const { positionals, values } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        reason: { type: 'string' },
        'token-file': { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    const [verb = 'run', ...rest] = positionals;
    if (values.help) return say(usage);
    if (rest.length > 0) throw new OpsError('invalid-input', usage);
    return await perform(verb, values);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    const isUsage =
      error instanceof TypeError || (error instanceof OpsError && error.code === 'invalid-input');
    return isUsage ? 2 : 1;
  }
}

interface Options {
  readonly reason?: string;
  readonly 'token-file'?: string;
}

async function perform(verb: string, { reason, 'token-file': tokenFile }: Options): Promise<number> {
  const settings = readSettings(process.env);
  switch (verb) {
    case 'run':
      await runChosen(settings);
      return 0;
    case 'check':
      return say(checkVerb(settings));
    case 'guard':
      await guardTrial(settings, readApiUrl(process.env), settings.trialMs);
      return 0;
    case 'enroll':
      return say(await enrolAgent(settings, readApiUrl(process.env), readToken(tokenFile)));
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

/** The program that was started, or the release that is to run in its place; again and again, as releases come. */
async function runChosen(settings: AgentSettings): Promise<void> {
  const [, program = ''] = process.argv;
  const api = readApiUrl(process.env);
  // One that has to leave because another works here, or that is not set up, is no start of a release.
  (await lockState(settings.stateFolder))();
  const chosen = chooseProgram(settings, program, createLog(settings.proxy));
  const run = { settings, api, program, signal: endSignal() };
  const next = chosen ?? (await runAgent(run));
  if (next !== null) return handOver(next, process.env);
  forgetStarts(settings.stateFolder);
}

/** Never on the command line, which others on the host can see. */
function readToken(file: string | undefined): string {
  if (file === undefined)
    throw new OpsError('invalid-input', '--token-file is needed; - reads the token from stdin');
  const token = readFileSync(file === '-' ? 0 : file, 'utf8').trim();
  if (/^hfe_[A-Za-z0-9_-]{43}$/.test(token)) return token;
  throw new OpsError('invalid-input', 'there is no token of an invitation in it: hfe_ and 43 characters');
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
