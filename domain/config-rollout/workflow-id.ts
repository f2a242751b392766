/** The id of the workflow that holds an environment: one rollout or rollback at a time. */
export function configRolloutWorkflowId(project: string, environment: string): string {
  return `config-rollout/${project}/${environment}`;
}
