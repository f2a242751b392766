import type { FastifySchemaValidationError } from 'fastify/types/schema.js';

const longestName = 100;

interface PointedError {
  readonly pointer: string;
  readonly detail: string;
}

/**
 * Ajv's errors as pointers and words that say what would be right. Branches of a union that was not meant are left out: where
 * something deeper failed, "must match a schema in anyOf" adds nothing.
 */
export function pointersOf(errors: readonly FastifySchemaValidationError[], context: string): PointedError[] {
  const telling = errors.filter((error) => error.keyword !== 'anyOf');
  const chosen = telling.length > 0 ? telling : errors;
  const seen = new Map<string, PointedError>();
  for (const error of chosen) {
    const pointed = { pointer: pointerOf(error, context), detail: detailOf(error) };
    seen.set(`${pointed.pointer} ${pointed.detail}`, pointed);
  }
  return [...seen.values()].slice(0, 20);
}

function pointerOf(error: FastifySchemaValidationError, context: string): string {
  const { missingProperty, additionalProperty } = error.params as Record<string, string | undefined>;
  const leaf = missingProperty ?? additionalProperty;
  const path = leaf === undefined ? error.instancePath : `${error.instancePath}/${escaped(leaf)}`;
  return context === 'body' ? path : `${context}${path}`;
}

/** Whoever sent it knows how it went on. */
function escaped(key: string): string {
  const short = key.length > longestName ? `${key.slice(0, longestName)}…` : key;
  return short.replaceAll('~', '~0').replaceAll('/', '~1');
}

function detailOf(error: FastifySchemaValidationError): string {
  const params = error.params;
  switch (error.keyword) {
    case 'required':
      return 'is missing';
    case 'additionalProperties':
      return 'is not known here; remove it or check the spelling';
    case 'const':
      return `must be ${JSON.stringify(params.allowedValue)}`;
    default:
      return error.message ?? 'is not valid';
  }
}
