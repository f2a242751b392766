/** The id of the workflow that holds the service: one rollout or rollback at a time. */
export function canaryRolloutWorkflowId(project: string, service: string): string {
  return `canary-rollout/${project}/${service}`;
}
