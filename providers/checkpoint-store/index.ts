import { OpsError } from '../../domain/errors.ts';
import type { CheckpointStore } from './checkpoint-store.ts';
import { createFileCheckpointStore } from './file.ts';
import type { Environment } from './git-command.ts';
import { createGitCheckpointStore } from './git.ts';

/** The store that the settings name. */
export function createCheckpointStore(
  place: {
    readonly checkpoints: string;
    readonly store: 'file' | 'git';
    readonly gitRemote: string | null;
  },
  env: Environment,
): CheckpointStore {
  switch (place.store) {
    case 'file':
      if (place.gitRemote !== null) throw idle();
      return createFileCheckpointStore(place.checkpoints);
    case 'git':
      return createGitCheckpointStore(place.checkpoints, { remote: place.gitRemote, env });
  }
}

function idle(): OpsError {
  return new OpsError(
    'invalid-input',
    'HOLDFAST_AUDIT_GIT_REMOTE is set, and nothing is pushed there: set HOLDFAST_AUDIT_STORE to git, or leave it out',
  );
}
