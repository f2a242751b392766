/** What a principal may be in a project. Who has none of them may do nothing there. */
export const roles = ['viewer', 'operator', 'approver', 'admin'] as const;
export type Role = (typeof roles)[number];

const everyone: readonly Role[] = roles;
const operators: readonly Role[] = ['operator', 'admin'];
const approvers: readonly Role[] = ['approver', 'admin'];
const anyHand: readonly Role[] = ['operator', 'approver', 'admin'];
const admins: readonly Role[] = ['admin'];

/**
 * The one table of who may do what: resource and verb -> the roles that may. The API refuses by it, the documentation shows it, and a
 * test holds both against it. What is not in it, nobody may do.
 */
export const permissions = {
  'service:read': everyone,
  'service:write': operators,
  'canary-rollout:read': everyone,
  'canary-rollout:start': operators,
  'canary-rollout:command': operators,
  'canary-rollout:decide': approvers,
  // Going back to what served before is safety: whoever may act at all may do it.
  'canary-rollout:rollback': anyHand,
  'config:read': everyone,
  // Writing a revision changes no proxy: that takes a rollout.
  'config:write': operators,
  'config-rollout:read': everyone,
  'config-rollout:start': operators,
  'config-rollout:command': operators,
  'config-rollout:rollback': anyHand,
  // Freeze windows and drift policy bind those who roll out.
  'environment:configure': admins,
  'proxy:enroll': admins,
  // A new program for an agent is code that runs on every host.
  'proxy:update': admins,
  'cluster:read': everyone,
  'cluster:write': operators,
  'cluster:configure': admins,
  'approval:decide': approvers,
  // Alone past a gate that asks for others: for emergencies, and told to everybody.
  'approval:break-glass': admins,
  'approval-group:read': everyone,
  'approval-group:write': admins,
  'operation:read': everyone,
  'emergency-stop:read': everyone,
  'emergency-stop:set': anyHand,
  'emergency-stop:release': operators,
  'audit:read': everyone,
  'audit:erase': admins,
  'notification:read': everyone,
  // Who may say where messages go makes the installation send requests: not for every operator.
  'notification:write': admins,
  'notification:send': operators,
  'feedback:read': everyone,
  'feedback:write': operators,
  'feedback-source:read': everyone,
  'feedback-source:write': admins,
  'log-window:read': everyone,
  'log-window:write': operators,
  'access:read': admins,
  'access:write': admins,
  'proxy:read': everyone,
  // No role of a person: a proxy agent's key names the one proxy it speaks for.
  'proxy:speak': [],
} as const satisfies Record<string, readonly Role[]>;

export type Permission = keyof typeof permissions;

export function isPermission(text: string): text is Permission {
  return Object.hasOwn(permissions, text);
}

/** Stands for every project of the installation, in memberships and keys. */
export const everyProject = '*';

/** Who asks, as the API has verified it. */
export interface Principal {
  readonly id: string;
  readonly kind: 'person' | 'service' | 'proxy';
  /** The key it came with; null for a token of an identity provider. */
  readonly keyId: string | null;
  /** Roles by project; `*` counts in each. */
  readonly roles: Readonly<Record<string, readonly Role[]>>;
  /** A key may be narrower than its principal: only these permissions, only this project. null: no narrower. */
  readonly scopes: readonly string[] | null;
  /** Groups that the identity provider says it is in; left out: none. */
  readonly claims?: readonly string[];
  readonly project: string | null;
}

/** Whether a principal may do something in a project, or, with null, in the installation as a whole. */
export function allows(principal: Principal, permission: Permission, project: string | null): boolean {
  if (principal.scopes !== null && !principal.scopes.includes(permission)) return false;
  if (principal.project !== null && principal.project !== project) return false;
  const allowed: readonly Role[] = permissions[permission];
  const own = [
    ...(ownRoles(principal, everyProject) ?? []),
    ...(project === null ? [] : (ownRoles(principal, project) ?? [])),
  ];
  return own.some((role) => allowed.includes(role));
}

/** Projects in which a principal is anything at all; null: in every one. */
export function projectsOf(principal: Principal): readonly string[] | null {
  if (principal.project !== null) return [principal.project];
  if (ownRoles(principal, everyProject) !== undefined) return null;
  return Object.keys(principal.roles);
}

function ownRoles(principal: Principal, project: string): readonly Role[] | undefined {
  return Object.hasOwn(principal.roles, project) ? principal.roles[project] : undefined;
}
