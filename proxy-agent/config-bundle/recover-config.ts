import { renameSync } from 'node:fs';
import type { ConfigBundle } from '../../contracts/config-bundle.ts';
import { readOr, type Base } from '../config-file.ts';
import type { Log } from '../log.ts';
import { readProof } from '../render.ts';
import type { AgentSettings } from '../settings.ts';
import { baseOf } from './base-of.ts';
import { loadConfigState, type ConfigState } from './config-state.ts';
import { proofSocket } from './proof.ts';

export interface RecoveredConfig {
  readonly state: ConfigState | null;
  /** Without a state: what the host ran in the environment that it was in before, and goes back to; null: the operator's own file. */
  readonly former: ConfigBundle | null;
  /** No sequence below this one is ever taken. */
  readonly floor: number;
  /** What the file is written from; null: the operator's own. */
  readonly base: Base | null;
}

/**
 * The configuration as the disk has it. A state that cannot be read is set aside and said so; what was written last goes on then, and
 * its sequence is in it.
 */
export function recoverConfig(settings: AgentSettings, log: Log): RecoveredConfig {
  const { value: state, fault } = loadConfigState(settings.configStateFile);
  if (fault !== null) setAside(settings.configStateFile, fault, log);
  if (!state) return fromLastWritten(settings);
  if (isOfAnother(state.attempted, settings)) {
    // The numbers of each environment are its own: those of the one before say nothing here. What runs goes on until something is ordered.
    const { project, environment } = state.attempted;
    log('info', 'the proxy has moved here from another environment', { project, environment });
    return { ...fromLastWritten(settings), former: state.lastKnownGood, floor: 0 };
  }
  const known = state.lastKnownGood;
  const base = known && baseOf(settings, known);
  const isUsable = base !== null && !('fault' in base);
  return { state, former: null, floor: state.attempted.sequence, base: isUsable ? base : null };
}

function isOfAnother(
  { project, environment }: ConfigState['attempted'],
  settings: Pick<AgentSettings, 'project' | 'environment'>,
): boolean {
  return project !== settings.project || environment !== settings.environment;
}

function setAside(path: string, reason: string, log: Log): void {
  const keptAs = `${path}.refused-${Date.now()}`;
  renameSync(path, keptAs);
  log('error', 'the state of the configuration was refused', { reason, keptAs });
}

function fromLastWritten(settings: AgentSettings): RecoveredConfig {
  const text = readOr(settings.config) ?? '';
  const written = readProof(text);
  if (!written || written.sequence === 0) return { state: null, former: null, floor: 0, base: null };
  const proof = { ...written, socket: proofSocket(settings) };
  return {
    state: null,
    former: null,
    floor: written.sequence,
    base: { name: settings.config, text, proof, isOperators: false },
  };
}
