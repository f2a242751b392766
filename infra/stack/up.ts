import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from '../../config.ts';
import { OpsError } from '../../domain/errors.ts';
import { isAlive, markOf, type ProcessMark } from '../process/proc.ts';
import { programFile } from './layout.ts';
import { lastWords, withLogFile } from './log-file.ts';
import { isSupervised, readStackRecord, removeStackRecord, type StackRecord } from './record.ts';
import { partMark } from './survivors.ts';

export interface UpResult {
  readonly record: StackRecord;
  /** false when the stack was up already. */
  readonly started: boolean;
}

/** Brings the stack up, or waits for one that is coming up. Idempotent. Throws `unavailable` with what did not start. */
export async function bringUp(
  config: Config,
  onProgress: (line: string) => void = () => undefined,
  inherited: Readonly<Record<string, string | undefined>> = process.env,
): Promise<UpResult> {
  const before = await readStackRecord(config.home);
  if (before !== null && isSupervised(before)) {
    return { record: await untilReady(config.home, before.supervisor, onProgress), started: false };
  }
  await mkdir(config.home, { recursive: true });
  await removeStackRecord(config.home);
  const supervisor = startSupervisor(config, inherited);
  return { record: await untilReady(config.home, supervisor, onProgress), started: true };
}

function startSupervisor(
  config: Config,
  inherited: Readonly<Record<string, string | undefined>>,
): ProcessMark {
  const env = {
    ...inherited,
    ...absolutePaths(config),
    HOLDFAST_HOME: config.home,
    [partMark]: 'supervisor',
  };
  const child = withLogFile(config.home, 'supervisor', (log) =>
    spawn(process.execPath, [programFile('infra/stack/supervisor.ts')], {
      cwd: config.home,
      env,
      detached: true,
      stdio: ['ignore', log, log],
    }),
  );
  child.unref();
  const mark = child.pid === undefined ? null : markOf(child.pid);
  if (mark === null) throw new OpsError('unavailable', 'the supervisor of the stack could not be started');
  return mark;
}

/** Relative paths were meant from the folder of the person, not from where the supervisor works. */
function absolutePaths(config: Config): Record<string, string> {
  const { binary, baseConfig, config: output, socket, masterSocket } = config.haproxy;
  const { payloadKeys, codecToken, signingKey } = config.secrets;
  return {
    HOLDFAST_HAPROXY_CONFIG: baseConfig,
    HOLDFAST_HAPROXY_OUTPUT: output,
    HOLDFAST_HAPROXY_SOCKET: socket,
    HOLDFAST_HAPROXY_MASTER_SOCKET: masterSocket,
    HOLDFAST_PROXY_CONFIG_KEYS: config.agent.configKeys,
    HOLDFAST_AGENT_STATE: config.agent.state,
    HOLDFAST_AUDIT_KEY: config.audit.key,
    HOLDFAST_AUDIT_CHECKPOINTS: config.audit.checkpoints,
    NODE_COMPILE_CACHE: join(config.cache, 'node'),
    ...(payloadKeys === null ? {} : { HOLDFAST_PAYLOAD_KEYS: payloadKeys }),
    ...(codecToken === null ? {} : { HOLDFAST_CODEC_TOKEN: codecToken }),
    ...(signingKey === null ? {} : { HOLDFAST_SIGNING_KEY: signingKey }),
    ...(binary === null ? {} : { HOLDFAST_HAPROXY_BIN: binary }),
    ...(config.temporal.binary === null ? {} : { HOLDFAST_TEMPORAL_BIN: config.temporal.binary }),
  };
}

async function untilReady(
  home: string,
  supervisor: ProcessMark,
  onProgress: (line: string) => void,
): Promise<StackRecord> {
  for (;;) {
    // Looked at before the record: a supervisor that ended has written its last word by then.
    const alive = isAlive(supervisor);
    const record = await readStackRecord(home);
    if (record?.state === 'ready' && isSupervised(record)) return record;
    if (!alive && (record === null || !isSupervised(record))) throw await whyItEnded(home, record);
    if (record?.state === 'starting') onProgress(progressOf(record));
    await delay(50);
  }
}

async function whyItEnded(home: string, record: StackRecord | null): Promise<OpsError> {
  if (record?.problem) return new OpsError('unavailable', record.problem);
  const said = await lastWords(home, 'supervisor');
  return new OpsError(
    'unavailable',
    `the stack ended while it was starting${said === '' ? '' : `: ${said}`}`,
  );
}

function progressOf(record: StackRecord): string {
  const waiting = record.parts.filter((part) => part.state !== 'running').map((part) => part.name);
  return waiting.length === 0 ? 'everything runs' : `starting ${waiting.join(', ')}`;
}
