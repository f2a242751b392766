import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { App } from '../../api/dependencies.ts';

interface Spoken {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly type: string;
  readonly body: unknown;
}

interface Response {
  readonly content?: Record<string, unknown>;
}

/** Checks every answer against what the OpenAPI document promises for it. Throws where the API says something else. */
export async function answerChecker(app: App): Promise<(spoken: Spoken) => void> {
  await app.ready();
  const document = app.swagger() as unknown as {
    paths: Record<string, Record<string, { responses: Record<string, Response> }>>;
  };
  const ajv = new Ajv2020({ strict: false });
  addFormats.default(ajv);
  ajv.addSchema(document, 'openapi.json');
  const compiled = new Map<string, ValidateFunction>();
  // A path without a parameter goes before one that has it in the same place, as in the router.
  const paths = Object.keys(document.paths).sort((one, other) => countOf(one) - countOf(other));
  const templates = paths.map((template) => ({
    template,
    matches: new RegExp(`^${template.replace(/\{[^}]+\}/g, '[^/]+')}$`),
  }));
  return ({ method, path, status, type, body }) => {
    const found = templates.filter(({ matches }) => matches.test(path.split('?', 1)[0] ?? ''));
    const route = found.find(
      ({ template }) => document.paths[template]?.[method.toLowerCase()] !== undefined,
    );
    if (route === undefined) return;
    const { responses } = document.paths[route.template]?.[method.toLowerCase()] ?? { responses: {} };
    const key = [String(status), `${String(status)[0]}XX`].find(
      (candidate) => responses[candidate] !== undefined,
    );
    if (key === undefined)
      throw new Error(`${method} ${path} answers ${status}, which the document does not know`);
    const content = responses[key]?.content;
    if (content === undefined) return;
    const media = type.split(';', 1)[0] ?? '';
    if (content[media] === undefined) throw new Error(`${method} ${path} answers ${status} as ${media}`);
    const parts = [
      'paths',
      route.template,
      method.toLowerCase(),
      'responses',
      key,
      'content',
      media,
      'schema',
    ];
    const pointer = parts
      .map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')))
      .join('/');
    const validate = compiled.get(pointer) ?? ajv.compile({ $ref: `openapi.json#/${pointer}` });
    compiled.set(pointer, validate);
    if (!validate(body))
      throw new Error(`${method} ${path} answers another shape: ${ajv.errorsText(validate.errors)}`);
  };
}

function countOf(template: string): number {
  return template.split('{').length;
}
