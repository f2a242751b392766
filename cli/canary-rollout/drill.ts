import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CanaryRollout, StartCanaryRollout } from '../../contracts/canary-rollout.ts';
import type { OperationEvent } from '../../contracts/operation.ts';
import type { ProcessStart, Service } from '../../contracts/service.ts';
import type { Cli } from '../context.ts';
import { followEvents } from '../event-stream.ts';
import { CliError, exitCodes, type ExitCode } from '../exit.ts';
import { parseFault } from '../fault.ts';
import { millisecondsOf } from '../flags.ts';
import { readPlanFile } from '../plan-file.ts';
import { eventLine } from '../runs/show.ts';
import { fields } from '../table.ts';
import { within } from '../within.ts';

interface Flags {
  readonly fault: string;
  readonly after: string;
  readonly plan?: string;
  readonly timeout: string;
}

interface Seen {
  readonly requests: number;
  readonly bad: number;
  readonly firstBadAt: string | null;
  readonly lastAnswerAt: string | null;
}

export interface DrillReceipt extends Seen {
  readonly rollout: string;
  readonly fault: string;
  readonly outcome: string | null;
  /** When the control plane had proven that nothing reaches the canary any more. */
  readonly restoredAt: string | null;
  /** From the first bad answer to the last answer of the canary, as it saw them itself; for `down` to the proof that traffic is back. */
  readonly rollbackSeconds: number | null;
}

/**
 * Rolls the stable version out again behind a proxy that makes it fail on order, and tells how long bad answers went on. A real
 * canary, real requests, a real rollback: exit code 0 only if it was rolled back by itself.
 */
export async function drill(cli: Cli, [name = '']: readonly string[], flags: Flags): Promise<ExitCode> {
  parseFault(flags.fault);
  const afterMs = millisecondsOf('--after', flags.after);
  const service = await cli.api.get<Service>(cli.path(`services/${encodeURIComponent(name)}`));
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-drill-'));
  const report = join(folder, 'seen.json');
  try {
    const start = faulty(service, { fault: flags.fault, afterMs, report });
    const rollout = await begin(cli, service, start, flags);
    const receipt = await observe(cli, rollout, report, flags);
    cli.out.data(receipt, () => receiptText(receipt));
    return receipt.outcome === 'rolled-back' ? exitCodes.ok : exitCodes.failed;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function faulty(service: Service, order: { fault: string; afterMs: number; report: string }): ProcessStart {
  const { start, stableVersion } = service;
  if (stableVersion === null) {
    throw new CliError(
      exitCodes.conflict,
      `${service.name} has no stable version to compare with; roll one out first`,
    );
  }
  if (start.runtime !== 'process') {
    const instead = `holdfast canary start ${service.name} VERSION --image IMAGE --wait`;
    throw new CliError(
      exitCodes.usage,
      `the test starts processes; for an image, roll out one that fails: ${instead}`,
    );
  }
  const command = start.command.map((word) =>
    word.replaceAll('{version}', stableVersion).replaceAll('{port}', '@port@'),
  );
  const proxy = [
    process.execPath,
    fileURLToPath(new URL('../fault-proxy.ts', import.meta.url)),
    '--port',
    '{port}',
  ];
  const options = ['--fault', order.fault, '--after', String(order.afterMs), '--health', service.health.path];
  return { ...start, command: [...proxy, ...options, '--report', order.report, '--', ...command] };
}

async function begin(cli: Cli, service: Service, start: ProcessStart, flags: Flags): Promise<CanaryRollout> {
  const body: StartCanaryRollout = {
    service: service.name,
    version: `test-${Date.now().toString(36)}`,
    start,
    reason: `rollback test: ${flags.fault}`,
    ...(flags.plan === undefined ? {} : { plan: (await readPlanFile(flags.plan)).plan }),
  };
  return (await cli.api.post<CanaryRollout>(cli.path('canary-rollouts'), body)).body;
}

async function observe(
  cli: Cli,
  rollout: CanaryRollout,
  report: string,
  flags: Flags,
): Promise<DrillReceipt> {
  let restoredAt: string | null = null;
  const onEvent = (event: OperationEvent): void => {
    if (event.type === 'traffic.restored') restoredAt = event.at;
    cli.out.progress(eventLine(event));
  };
  cli.reattachBy(`holdfast canary watch --id ${rollout.id}`);
  try {
    const { outcome } = await within(cli, flags.timeout, followEvents(cli, rollout.id, onEvent));
    const seen = await readSeen(report);
    return {
      rollout: rollout.id,
      fault: flags.fault,
      outcome,
      ...seen,
      restoredAt,
      rollbackSeconds: secondsOf(seen.firstBadAt, flags.fault === 'down' ? restoredAt : seen.lastAnswerAt),
    };
  } catch (error) {
    if (error instanceof CliError && error.exitCode === exitCodes.timeout) await giveUp(cli, rollout.id);
    throw error;
  }
}

/** A version that fails on purpose must not stay because nobody noticed it. */
async function giveUp(cli: Cli, id: string): Promise<void> {
  const { state } = await cli.api.get<CanaryRollout>(cli.path(`canary-rollouts/${id}`));
  const { revision, step } = state;
  const abort = { kind: 'abort', revision, step, reason: 'the rollback test took too long' };
  await cli.api.post(cli.path(`canary-rollouts/${id}/commands`), abort);
  cli.out.note('the rollout was not rolled back in time; it is aborted now');
}

async function readSeen(report: string): Promise<Seen> {
  try {
    return JSON.parse(await readFile(report, 'utf8')) as Seen;
  } catch {
    return { requests: 0, bad: 0, firstBadAt: null, lastAnswerAt: null };
  }
}

function secondsOf(from: string | null, to: string | null): number | null {
  if (from === null || to === null) return null;
  return Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000);
}

function receiptText(receipt: DrillReceipt): string {
  return fields([
    ['rollout', receipt.rollout],
    ['fault', receipt.fault],
    ['outcome', receipt.outcome ?? 'unknown'],
    ['first bad answer', receipt.firstBadAt ?? 'none: no request reached the canary while it failed'],
    ['last answer of the canary', receipt.lastAnswerAt ?? '-'],
    ['traffic proven back', receipt.restoredAt ?? '-'],
    ['rollback took', receipt.rollbackSeconds === null ? '-' : `${receipt.rollbackSeconds} s`],
    ['answers of the canary', `${receipt.requests}, of which ${receipt.bad} bad`],
  ]);
}
