import type { ConfigDocument } from '../../contracts/config-document.ts';
import type { ConfigExpectation } from '../../contracts/config-revision.ts';
import type { SampledRequest, ShadowAnswer } from '../config-document/impact.ts';

/** The requests of the expectations, in their order; without any, one to each port, so that the proxy has to start at least. */
export function requestsToAsk(
  { frontends }: ConfigDocument,
  expectations: readonly ConfigExpectation[],
): SampledRequest[] {
  if (expectations.length > 0)
    return expectations.map(({ request }) => ({ ...request, headers: lowerCase(request.headers ?? {}) }));
  const ports = new Set(frontends.flatMap(({ binds }) => binds.map(({ port }) => port)));
  return [...ports].map((port) => ({ port, method: 'GET', host: 'localhost', path: '/', headers: {} }));
}

/** What the proxy would answer otherwise than expected, one sentence each. */
export function unmetExpectations(
  expectations: readonly ConfigExpectation[],
  answers: readonly ShadowAnswer[],
): string[] {
  return expectations.flatMap((expectation, index) => {
    const answer = answers[index];
    return answer === undefined ? [] : faultsOf(expectation, answer);
  });
}

function faultsOf({ request, status, route, backend }: ConfigExpectation, answer: ShadowAnswer): string[] {
  const name = `${request.method} ${request.host}${request.path}`;
  if (answer.status === null) return [`${name}: nobody listens on port ${request.port}`];
  const differs = (
    what: string,
    wanted: string | number | undefined,
    got: string | number | null,
  ): string[] =>
    wanted === undefined || wanted === got ? [] : [`${name}: ${what} ${got ?? 'none'} instead of ${wanted}`];
  return [
    ...differs('status', status, answer.status),
    ...differs('route', route, answer.route),
    ...differs('backend', backend, answer.backend),
  ];
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
