import { diagnose } from '../../infra/doctor/diagnose.ts';
import type { Finding } from '../../infra/doctor/finding.ts';
import type { Cli } from '../context.ts';
import { exitCodes } from '../exit.ts';
import { watch, type WatchFlags } from './doctor-watch.ts';

interface Flags extends WatchFlags {
  readonly watch?: boolean;
}

export async function doctor(cli: Cli, _args: readonly string[], flags: Flags): Promise<number> {
  if (flags.watch === true) return watch(cli, flags);
  const findings = await diagnose(cli.config);
  const healthy = findings.every((finding) => finding.ok);
  cli.out.data({ healthy, findings }, () => findings.map((finding) => findingText(finding, cli)).join('\n'));
  return healthy ? exitCodes.ok : exitCodes.failed;
}

function findingText(finding: Finding, { out }: Cli): string {
  if (finding.ok) return `${out.green('ok')}    ${finding.name}`;
  return `${out.red('wrong')} ${finding.name}: ${finding.problem}\n      fix: ${finding.fix}`;
}
