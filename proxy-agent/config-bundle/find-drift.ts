import { setTimeout as sleep } from 'node:timers/promises';
import type { ConfigDrift } from '../../contracts/config-bundle.ts';
import type { ApplyTools, ProvableBase } from './apply-bundle.ts';
import { askProcesses } from './processes.ts';
import { askProof } from './proof.ts';
import type { ReloadTarget } from './reload.ts';

export type FoundDrift = Pick<ConfigDrift, 'kind' | 'detail' | 'content'>;

/** A reload by somebody else may be under way: only what is still so then is a drift. */
const lookAgainMs = 250;

/** What on the host is not as the base in force says, or null. A HAProxy that does not run is no drift. */
export async function findDrift(
  { file, servers, target }: Pick<ApplyTools, 'file' | 'servers' | 'target'>,
  inForce: ProvableBase,
): Promise<FoundDrift | null> {
  const text = file.edited(servers);
  if (text !== null) {
    return { kind: 'file', detail: 'the configuration file was edited by somebody else', content: text };
  }
  if (await isServing(target, inForce)) return null;
  await sleep(lookAgainMs);
  if (await isServing(target, inForce)) return null;
  const served = await askProof(target.proofSocket);
  const detail = `HAProxy serves ${served ?? 'what is no configuration of ours'}, not ${inForce.proof.hash}`;
  return { kind: 'running', detail, content: null };
}

async function isServing({ master, proofSocket }: ReloadTarget, inForce: ProvableBase): Promise<boolean> {
  if ((await askProof(proofSocket)) === inForce.proof.hash) return true;
  return askProcesses(master).then(
    () => false,
    () => true,
  );
}
