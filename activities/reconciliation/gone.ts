/** The workflow does not exist (any more), as the Temporal client tells it. */
export function isGone(error: unknown): boolean {
  return error instanceof Error && error.name === 'WorkflowNotFoundError';
}
