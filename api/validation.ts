import { Ajv, type AnySchema, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';

type Shared = Record<string, AnySchema | AnySchema[]>;

/**
 * Validators that report every error and drop nothing. Bodies are taken as they are: "10" is no number there; in paths, queries
 * and headers everything arrives as text and is read as the type the schema names.
 */
export function buildValidator(shared: Shared): (part: unknown) => ValidateFunction {
  const strict = createAjv(shared, false);
  const lenient = createAjv(shared, true);
  return (part) => {
    // Fastify's type says a schema comes here; it hands over the part of the route.
    const { schema, httpPart } = part as { schema: AnySchema; httpPart: string };
    return (httpPart === 'body' ? strict : lenient).compile(schema);
  };
}

function createAjv(shared: Shared, coerceTypes: boolean): Ajv {
  const ajv = new Ajv({
    allErrors: true,
    removeAdditional: false,
    useDefaults: true,
    coerceTypes,
    strict: false,
  });
  addFormats.default(ajv);
  for (const schema of Object.values(shared)) ajv.addSchema(schema);
  return ajv;
}
