import { OpsError } from '../../domain/errors.ts';
import { loadConfigState } from '../config-bundle/config-state.ts';
import type { AgentSettings } from '../settings.ts';
import { loadState } from '../state.ts';
import { agentVersion } from '../version.ts';

/** Whether this program can work with the settings and the state of the host. It changes nothing. */
export function checkVerb(settings: AgentSettings): string {
  const faults = [loadState(settings.stateFile).fault, loadConfigState(settings.configStateFile).fault];
  const fault = faults.find((each) => each !== null);
  if (fault) throw new OpsError('internal', fault);
  return `agent ${agentVersion} can work with ${settings.stateFolder}`;
}
