import type { TSchema } from 'typebox';

/** Pointers of all texts that a schema takes, `*` standing for any item of a list; those that take one of a few words are left out. */
export function stringPointers(schema: TSchema, pointer = ''): string[] {
  const { type, properties, items } = schema as {
    readonly type?: string;
    readonly properties?: Readonly<Record<string, TSchema>>;
    readonly items?: TSchema;
  };
  if (properties !== undefined)
    return Object.entries(properties).flatMap(([name, part]) => stringPointers(part, `${pointer}/${name}`));
  if (items !== undefined) return stringPointers(items, `${pointer}/*`);
  return type === 'string' && !('const' in schema) ? [pointer] : [];
}
