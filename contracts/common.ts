import { Type, type Static, type TSchema } from 'typebox';

/** Every kind of operation. Each is the stem of one straight path through the folders; `infra/check-names.ts` proves it. */
export const operationKinds = ['canary-rollout', 'config-rollout', 'feedback-clustering'] as const;

/** Refers to a schema by its name, so that OpenAPI shows each shape once; the schema must carry an `$id`. */
export function ref<T extends TSchema>(schema: T) {
  return Type.Unsafe<Static<T>>({ $ref: `${(schema as { $id?: string }).$id}#` });
}

/** Names that become part of ids, HAProxy server names, container names and file names. */
export const Name = Type.String({
  pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$',
  description: 'Lower-case letters, digits and inner hyphens, 1 to 63 characters',
});
export type Name = Static<typeof Name>;

export const Version = Type.String({
  pattern: '^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$',
  description: 'Letters, digits, dot, underscore and hyphen, 1 to 63 characters',
});
export type Version = Static<typeof Version>;

export const Ulid = Type.String({
  pattern: '^[0-7][0-9A-HJKMNP-TV-Z]{25}$',
  description: 'A ULID: sortable by creation time',
});
export type Ulid = Static<typeof Ulid>;

/** A positive time span with its unit, such as `500ms`, `30s`, `2m`, `1h`, `7d`; `domain/duration.ts` reads it. */
export const Duration = Type.String({
  pattern: '^(0|[0-9]{1,9}(ms|s|m|h|d))$',
  description: 'A number and a unit: ms, s, m, h or d, for example 30s or 2m',
});
export type Duration = Static<typeof Duration>;

/** An instant in UTC, RFC 3339 with milliseconds. */
export const Timestamp = Type.String({ format: 'date-time', description: 'UTC, RFC 3339' });

export const Reason = Type.String({
  minLength: 1,
  maxLength: 500,
  description: 'Why, in words; kept in the audit and shown in the timeline',
});

/** RFC 9457 problem details: the one shape of every error answer. */
export const Problem = Type.Object(
  {
    type: Type.String({ description: 'Stable URI of the error code' }),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String({ description: 'The code in domain/errors.ts' }),
    detail: Type.Optional(Type.String({ description: 'What failed, which id, what to do' })),
    instance: Type.Optional(Type.String()),
    requestId: Type.Optional(Type.String()),
    operationId: Type.Optional(Type.String({ description: 'The operation in the way, where there is one' })),
    retryAfterSeconds: Type.Optional(Type.Number()),
    errors: Type.Optional(
      Type.Array(
        Type.Object({
          pointer: Type.String({ description: 'JSON pointer into the request body, or the parameter name' }),
          detail: Type.String(),
        }),
      ),
    ),
  },
  { $id: 'Problem' },
);
export type Problem = Static<typeof Problem>;

/** One page of a listing; `next` is an opaque cursor, absent on the last page. */
export function Page<T extends TSchema>(item: T, name: string) {
  return Type.Object({ items: Type.Array(ref(item)), next: Type.Optional(Type.String()) }, { $id: name });
}
