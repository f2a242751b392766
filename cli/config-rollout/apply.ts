import type { ConfigRollout, StartConfigRollout } from '../../contracts/config-rollout.ts';
import type { Cli } from '../context.ts';
import { CliError, exitCodes, type ExitCode } from '../exit.ts';
import { required } from '../flags.ts';
import { environmentOf, short } from './environment.ts';
import { locating } from './faults.ts';
import { readRolloutPlan } from './plan-file.ts';
import { putFile, type PutFlags } from './put.ts';
import { resolveRevision } from './revision-name.ts';
import { finish, type WaitFlags } from './watch.ts';

interface Flags extends PutFlags, WaitFlags {
  readonly file?: string;
  readonly revision?: string;
  readonly plan?: string;
  readonly supersede?: boolean;
  readonly ignoreFreeze?: boolean;
}

/** Rolls a revision out: the head, a named one, or a file that becomes the head first. */
export async function applyConfig(cli: Cli, _args: readonly string[], flags: Flags): Promise<ExitCode> {
  refuseContradictions(flags);
  const environment = environmentOf(cli, flags);
  const planFile = await readRolloutPlan(flags.plan);
  const revision = await revisionOf(cli, environment, flags);
  const body: StartConfigRollout = {
    environment,
    ...(revision === undefined ? {} : { revision }),
    ...(planFile === null ? {} : { plan: planFile.plan }),
    ...(flags.supersede === true ? { supersede: true } : {}),
    ...(flags.ignoreFreeze === true ? { ignoreFreeze: true } : {}),
    ...(flags.reason === undefined ? {} : { reason: flags.reason }),
  };
  if (flags.supersede === true) cli.out.progress('waiting for a running rollout to roll back …');
  const start = cli.api.post<ConfigRollout>(cli.path('config-rollouts'), body);
  const started = await locating([planFile === null ? null : planFile.part], start);
  return finish(cli, started.body, flags);
}

function refuseContradictions(flags: Flags): void {
  const { file, revision, base, merge, ours } = flags;
  if (file !== undefined && revision !== undefined)
    throw new CliError(exitCodes.usage, 'give either --file or --revision');
  if (file === undefined && (base !== undefined || merge === true || ours === true))
    throw new CliError(exitCodes.usage, '--base, --merge and --ours are about a --file');
  if (flags.ignoreFreeze === true) required('--reason', flags.reason, 'say why the freeze does not hold');
}

/** undefined: whatever the head is when it starts. */
async function revisionOf(cli: Cli, environment: string, flags: Flags): Promise<string | undefined> {
  if (flags.revision !== undefined) return resolveRevision(cli, environment, flags.revision);
  if (flags.file === undefined) return undefined;
  const { revision } = await putFile(cli, flags.file, flags);
  cli.out.note(`${short(revision)} is the head of ${environment}`);
  return revision;
}
