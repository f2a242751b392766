import { type ConfigProblem, problem } from '../problem.ts';

const name = /^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,62}[A-Za-z0-9_-])?$/;

/** A reference that is no name: a path, a file, or worse, the material itself. */
export function tlsReferenceProblems(reference: string | undefined, pointer: string): ConfigProblem[] {
  if (reference === undefined || (name.test(reference) && !reference.endsWith('.pem'))) return [];
  // What stands here may be a key by mistake: it must not be repeated.
  const detail =
    'is no name of a certificate; TLS material and its paths are never part of a document: write the name under which each node keeps it, such as shop-example-org';
  return [problem(pointer, detail)];
}
