import type { Bind, Frontend } from '../../../contracts/config-document/frontend.ts';
import { type ConfigProblem, problem, problemIf } from '../problem.ts';
import { isIpv4, isIpv6 } from './ip-address.ts';
import { tlsReferenceProblems } from './tls-reference.ts';

/** Frontends nobody can reach, addresses that are none, two binds of one address and port. */
export function bindProblems(frontends: readonly Frontend[]): ConfigProblem[] {
  const first = new Map<string, string>();
  if (frontends.length === 0)
    return [problem('/frontends', 'is empty, so the proxy would not start; write at least one')];
  return frontends.flatMap(({ name, binds }, index) => [
    ...problemIf(
      binds.length === 0,
      `/frontends/${index}/binds`,
      `of ${name} is empty, so no request reaches it; give it at least one address and port`,
    ),
    ...binds.flatMap((bind, at) => {
      const pointer = `/frontends/${index}/binds/${at}`;
      const key = `${canonicalAddress(bind)} port ${bind.port}`;
      const before = first.get(key);
      first.set(key, before ?? pointer);
      return [
        ...problemIf(
          before !== undefined,
          pointer,
          `is ${key}, as is ${before}; take another port or address`,
        ),
        ...addressProblems(bind, pointer),
        ...tlsProblems(bind, pointer),
      ];
    }),
  ]);
}

function canonicalAddress({ address = '*' }: Bind): string {
  return address === '0.0.0.0' ? '*' : address.toLowerCase();
}

function addressProblems({ address = '*' }: Bind, pointer: string): ConfigProblem[] {
  if (address === '*' || address === 'node' || isIpv4(address) || isIpv6(address)) return [];
  return [
    problem(
      `${pointer}/address`,
      `is ${address}, which is no IP address; write one, * for all, or node for the node’s own`,
    ),
  ];
}

function tlsProblems({ tls }: Bind, pointer: string): ConfigProblem[] {
  if (tls === undefined) return [];
  return [
    ...tls.certificates.flatMap((reference, index) =>
      tlsReferenceProblems(reference, `${pointer}/tls/certificates/${index}`),
    ),
    ...tlsReferenceProblems(tls.clientAuthority, `${pointer}/tls/clientAuthority`),
  ];
}
