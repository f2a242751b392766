import type { Backend, HealthCheck, Server } from '../../../contracts/config-document/backend.ts';
import { type ConfigProblem, problem, problemIf } from '../problem.ts';
import { headerProblems } from './headers.ts';
import { isIpv4, isIpv6 } from './ip-address.ts';
import { tlsReferenceProblems } from './tls-reference.ts';

export function backendProblems(backend: Backend, pointer: string): ConfigProblem[] {
  const { servers = [], healthCheck } = backend;
  return [
    ...(backend.steered === true ? steeredProblems(backend, pointer) : capacityProblems(backend, pointer)),
    ...servers.flatMap((server, index) => serverProblems(server, `${pointer}/servers/${index}`)),
    ...(healthCheck === undefined ? [] : checkProblems(healthCheck, `${pointer}/healthCheck`)),
    ...headerProblems(backend, pointer),
  ];
}

function capacityProblems({ name, servers = [] }: Backend, pointer: string): ConfigProblem[] {
  if (servers.length === 0)
    return [
      problem(
        `${pointer}/servers`,
        `of ${name} is empty; add a server, or write steered: true for canary rollouts`,
      ),
    ];
  const ready = servers.filter(({ disabled = false, weight = 1 }) => !disabled && weight > 0);
  if (ready.length > 0) return [];
  const isDrained = servers.some(({ disabled = false }) => !disabled);
  const why = isDrained ? 'only servers of weight 0' : 'only disabled servers';
  return [
    problem(`${pointer}/servers`, `of ${name} has ${why}, so nobody answers; give one of them a weight`),
  ];
}

/** A rollout sets weights while HAProxy runs and expects each server to get the share of its weight. */
function steeredProblems({ name, balance, servers = [] }: Backend, pointer: string): ConfigProblem[] {
  const own = servers.flatMap((server, index) =>
    server.backup === true ? [] : [`${pointer}/servers/${index}`],
  );
  return [
    ...problemIf(
      balance !== undefined && balance !== 'roundrobin',
      `${pointer}/balance`,
      `is ${balance}, but ${name} is steered by weights; write roundrobin, or leave it out`,
    ),
    ...own.map((at) =>
      problem(
        at,
        `is a server of ${name}, whose servers belong to canary rollouts; mark it backup, or remove it`,
      ),
    ),
  ];
}

function serverProblems({ name, address, tls }: Server, pointer: string): ConfigProblem[] {
  const { insecure = false, serverName, authority } = tls ?? {};
  return [
    ...addressProblems(address, `${pointer}/address`),
    ...tlsReferenceProblems(authority, `${pointer}/tls/authority`),
    ...problemIf(
      tls !== undefined && !insecure && serverName === undefined,
      `${pointer}/tls/serverName`,
      `of ${name} is missing, so any certificate would do; write the name that its certificate is for`,
    ),
    ...problemIf(
      tls !== undefined && !insecure && authority === undefined,
      `${pointer}/tls/authority`,
      `of ${name} is missing, so no certificate would be trusted; write the name of the authority that signed its own, or insecure: true`,
    ),
    ...problemIf(
      insecure && authority !== undefined,
      `${pointer}/tls/insecure`,
      `of ${name} stands beside an authority that would not be asked; leave one of them out`,
    ),
    ...wildcardProblems(serverName, `${pointer}/tls/serverName`),
  ];
}

function addressProblems(address: string, pointer: string): ConfigProblem[] {
  const [, host = '', port = ''] = /^(.*):([0-9]+)$/.exec(address) ?? [];
  const isNumeric = /^[0-9.]+$/.test(host);
  const isBracketed = host.startsWith('[');
  const isAddress = isBracketed ? isIpv6(host.slice(1, -1)) : !isNumeric || isIpv4(host);
  return [
    ...problemIf(!isAddress, pointer, `is ${address}, which is no IP address; write one, or a host name`),
    ...problemIf(
      Number(port) < 1 || Number(port) > 65_535,
      pointer,
      `is ${address}; write a port from 1 to 65535`,
    ),
  ];
}

function checkProblems({ host, expectStatus = '200-399' }: HealthCheck, pointer: string): ConfigProblem[] {
  const [least = 0, most = least] = expectStatus.split('-').map(Number);
  return [
    ...wildcardProblems(host, `${pointer}/host`),
    ...problemIf(
      most < least,
      `${pointer}/expectStatus`,
      `is ${expectStatus}, which no status is in; write the lower one first`,
    ),
  ];
}

function wildcardProblems(host: string | undefined, pointer: string): ConfigProblem[] {
  return problemIf(
    host?.startsWith('*') ?? false,
    pointer,
    `is ${host}; a wildcard is no name here, write one host`,
  );
}
