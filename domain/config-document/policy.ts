import type { ConfigDocument } from '../../contracts/config-document.ts';
import { backendProblems } from './policy/backends.ts';
import { bindProblems } from './policy/binds.ts';
import { frontendProblems } from './policy/frontends.ts';
import { nameProblems } from './policy/names.ts';
import { timeoutProblems } from './policy/timeouts.ts';
import type { ConfigProblem } from './problem.ts';

/**
 * What is wrong with a document that has the right shape: each problem points to the part and says what to write instead. A document
 * without any renders to what `haproxy -c -dW` accepts.
 */
export function configProblems(document: ConfigDocument): ConfigProblem[] {
  return [
    ...timeoutProblems(document),
    ...nameProblems(document),
    ...bindProblems(document.frontends),
    ...frontendProblems(document),
    ...document.backends.flatMap((backend, index) => backendProblems(backend, `/backends/${index}`)),
  ];
}
