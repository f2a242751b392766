/** The parts of an OpenAPI document that are compared. */
export interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

interface Operation {
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
  }[];
  readonly requestBody?: { readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> };
  readonly responses?: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> }>
  >;
}

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly const?: unknown;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

/** What a client of the old document could no longer rely on; empty where the new one only adds. */
export function breakingChanges(old: Document, next: Document): string[] {
  return Object.entries(old.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, before]) => {
      const name = `${method.toUpperCase()} ${path}`;
      const after = next.paths[path]?.[method];
      if (after === undefined) return [`${name} is gone`];
      return [
        ...parameterChanges(name, before, after),
        ...requestChanges(name, before, after, { old, next }),
        ...responseChanges(name, before, after, { old, next }),
      ];
    }),
  );
}

interface Both {
  readonly old: Document;
  readonly next: Document;
}

function parameterChanges(name: string, before: Operation, after: Operation): string[] {
  const known = new Set((before.parameters ?? []).map((parameter) => `${parameter.in} ${parameter.name}`));
  const required = (after.parameters ?? []).filter((parameter) => parameter.required === true);
  const kept = new Set((after.parameters ?? []).map((parameter) => `${parameter.in} ${parameter.name}`));
  return [
    ...[...known]
      .filter((parameter) => !kept.has(parameter))
      .map((parameter) => `${name}: ${parameter} is gone`),
    ...required
      .filter((parameter) => !known.has(`${parameter.in} ${parameter.name}`))
      .map((parameter) => `${name}: ${parameter.in} ${parameter.name} is newly required`),
  ];
}

function requestChanges(name: string, before: Operation, after: Operation, both: Both): string[] {
  const old = bodyOf(before.requestBody?.content);
  const next = bodyOf(after.requestBody?.content);
  if (next === undefined) return [];
  return compare(`${name} request`, old ?? {}, next, both, 'request', 0);
}

function responseChanges(name: string, before: Operation, after: Operation, both: Both): string[] {
  return Object.entries(before.responses ?? {}).flatMap(([status, response]) => {
    const next = after.responses?.[status];
    if (next === undefined) return [`${name}: the answer ${status} is gone`];
    const [old, now] = [bodyOf(response.content), bodyOf(next.content)];
    return old === undefined || now === undefined
      ? []
      : compare(`${name} ${status}`, old, now, both, 'response', 0);
  });
}

function bodyOf(
  content: Readonly<Record<string, { readonly schema?: Schema }>> | undefined,
): Schema | undefined {
  return Object.values(content ?? {})[0]?.schema;
}

function compare(
  at: string,
  oldAt: Schema,
  nextAt: Schema,
  both: Both,
  side: 'request' | 'response',
  depth: number,
): string[] {
  if (depth > 8) return [];
  const before = resolve(oldAt, both.old);
  const after = resolve(nextAt, both.next);
  if (before.type !== undefined && after.type !== before.type)
    return [`${at}: was ${before.type}, is ${after.type ?? 'anything'}`];
  const deeper = (name: string, old: Schema, next: Schema): string[] =>
    compare(`${at}.${name}`, old, next, both, side, depth + 1);
  const properties = Object.entries(before.properties ?? {}).flatMap(([name, old]) => {
    const next = after.properties?.[name];
    return next === undefined ? [`${at}.${name} is gone`] : deeper(name, old, next);
  });
  const required =
    side === 'request'
      ? (after.required ?? [])
          .filter((name) => !(before.required ?? []).includes(name))
          .map((name) => `${at}.${name} is newly required`)
      : (before.required ?? [])
          .filter((name) => !(after.required ?? []).includes(name))
          .map((name) => `${at}.${name} is no longer certain`);
  const items = before.items && after.items ? deeper('items', before.items, after.items) : [];
  return [...properties, ...required, ...items, ...wordChanges(at, before, after, side)];
}

/** Words that a request may use must stay; a response may gain none that its readers cannot know, which only people can judge. */
function wordChanges(at: string, before: Schema, after: Schema, side: 'request' | 'response'): string[] {
  if (side === 'response') return [];
  const now = new Set((after.anyOf ?? []).map((option) => option.const));
  return (before.anyOf ?? [])
    .filter((option) => option.const !== undefined && !now.has(option.const))
    .map((option) => `${at}: ${String(option.const)} is no longer taken`);
}

function resolve(schema: Schema, document: Document): Schema {
  const name = schema.$ref?.split('/').at(-1);
  return name === undefined ? schema : (document.components?.schemas?.[name] ?? {});
}
