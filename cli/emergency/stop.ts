import type { EmergencyStopList } from '../../contracts/emergency-stop.ts';
import type { Cli } from '../context.ts';
import { CliError, exitCodes } from '../exit.ts';
import { required } from '../flags.ts';
import { table } from '../table.ts';

interface Flags {
  readonly service?: string;
  readonly all?: boolean;
  readonly reason?: string;
}

export async function stop(cli: Cli, _args: readonly string[], flags: Flags): Promise<void> {
  const { body } = await cli.api.post<EmergencyStopList>(cli.path('emergency-stop'), bodyOf(flags));
  const changed = body.changed ?? [];
  cli.out.note(
    changed.length === 0 ? 'nothing was on trial' : `all traffic to stable: ${changed.join(', ')}`,
  );
  cli.out.data(body, () => stopsText(body));
}

export async function releaseStop(cli: Cli, _args: readonly string[], flags: Flags): Promise<void> {
  const { body } = await cli.api.post<EmergencyStopList>(cli.path('emergency-stop/release'), bodyOf(flags));
  cli.out.data(body, () => stopsText(body));
}

function bodyOf(flags: Flags): { service?: string; all?: true; reason: string } {
  const reason = required('--reason', flags.reason, 'say why; it is kept in the audit');
  if (flags.all === true && flags.service === undefined) return { all: true, reason };
  if (flags.service !== undefined && flags.all !== true) return { service: flags.service, reason };
  throw new CliError(exitCodes.usage, 'give either --service SERVICE or --all');
}

function stopsText(stops: EmergencyStopList): string {
  if (stops.items.length === 0) return 'no stop holds';
  return table([
    ['STOPPED', 'BY', 'SINCE', 'REASON'],
    ...stops.items.map((item) => [
      item.service === '*' ? 'all' : item.service,
      item.by,
      item.at,
      item.reason,
    ]),
  ]);
}
