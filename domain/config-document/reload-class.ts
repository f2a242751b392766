import type { Backend, Server } from '../../contracts/config-document/backend.ts';
import type { ConfigDocument } from '../../contracts/config-document.ts';
import { isIpv4, isIpv6 } from './policy/ip-address.ts';
import { semanticDiff } from './semantic-diff.ts';
import type { Change } from './semantic-diff/change.ts';

/** `nothing`: HAProxy need not hear of it. `runtime`: commands on its socket do. `reload`: a new worker reads the file. */
export type ReloadClass = 'nothing' | 'runtime' | 'reload';

export interface ReloadReason {
  readonly pointer: string;
  readonly class: 'runtime' | 'reload';
  readonly detail: string;
}

export interface ReloadPlan {
  readonly class: ReloadClass;
  /** One for each change. */
  readonly reasons: readonly ReloadReason[];
}

/**
 * What it takes to bring a running proxy from one document to the next, by what the socket of HAProxy 2.6 can do (management guide,
 * section 9.3: `set server`, `add server`, `del server`, `set maxconn`). Where it is not sure it says reload, which is always right. The
 * file is written in any case: the next reload would undo what only the socket heard.
 */
export function reloadClass(before: ConfigDocument, after: ConfigDocument): ReloadPlan {
  const reasons = semanticDiff(before, after).map((change) => reasonOf(change, before, after));
  const needsReload = reasons.some((reason) => reason.class === 'reload');
  return { class: needsReload ? 'reload' : reasons.length > 0 ? 'runtime' : 'nothing', reasons };
}

function reasonOf(change: Change, before: ConfigDocument, after: ConfigDocument): ReloadReason {
  const obstacle = obstacleOf(change, before, after);
  return obstacle === null
    ? { pointer: change.pointer, class: 'runtime', detail: change.detail }
    : { pointer: change.pointer, class: 'reload', detail: `${change.detail}: ${obstacle}` };
}

/** Why the socket will not do; null when it will. */
function obstacleOf(change: Change, before: ConfigDocument, after: ConfigDocument): string | null {
  const [, , index = '', , at = ''] = change.pointer.split('/');
  const source = change.kind === 'server-removed' ? before : after;
  const backend = source.backends[Number(index)];
  const server = backend?.servers?.[Number(at)];
  switch (change.kind) {
    case 'server-weight':
      return weightObstacle(backend);
    case 'server-address':
      return addressObstacle(server);
    case 'server-state':
      return null;
    case 'server-added':
      return sameBackend(backend, before)
        ? (dynamicObstacle(backend) ?? addressObstacle(server) ?? optionObstacle(server))
        : 'its backend is set up anew';
    case 'server-removed':
      return sameBackend(backend, after) ? dynamicObstacle(backend) : 'its backend is set up anew';
    case 'limit':
      return limitObstacle(change, before, after);
    default:
      return 'only the file can say it';
  }
}

/** The algorithms that take servers and weights while they run. */
const dynamic = new Set<Backend['balance']>([undefined, 'roundrobin', 'leastconn', 'random', 'first']);

function dynamicObstacle(backend: Backend | undefined): string | null {
  return dynamic.has(backend?.balance) ? null : `balance ${backend?.balance} takes no servers while it runs`;
}

function weightObstacle(backend: Backend | undefined): string | null {
  return dynamic.has(backend?.balance) ? null : `balance ${backend?.balance} takes no weights while it runs`;
}

function addressObstacle(server: Server | undefined): string | null {
  const host = (server?.address ?? '').replace(/:[0-9]+$/, '').replace(/^\[(.*)\]$/, '$1');
  return isIpv4(host) || isIpv6(host) ? null : `${host} is a name, which is looked up only at a start`;
}

function optionObstacle(server: Server | undefined): string | null {
  return server?.tls === undefined ? null : 'its TLS files are read only at a start';
}

/** A change of its algorithm is a reason of its own, but the two cannot be parted. */
function sameBackend(backend: Backend | undefined, other: ConfigDocument): boolean {
  const twin = other.backends.find(({ name }) => name === backend?.name);
  return twin !== undefined && (twin.balance ?? 'roundrobin') === (backend?.balance ?? 'roundrobin');
}

function limitObstacle({ pointer }: Change, before: ConfigDocument, after: ConfigDocument): string | null {
  const [, list = '', index = '', , name] = pointer.split('/');
  if (list !== 'frontends' || name !== 'connections') return 'only the file can say it';
  const frontend = after.frontends[Number(index)];
  const old = before.frontends.find((each) => each.name === frontend?.name);
  const isNumber = frontend?.limits?.connections !== undefined && old?.limits?.connections !== undefined;
  return isNumber ? null : 'there is no command for a limit that comes or goes';
}
