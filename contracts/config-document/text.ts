import { Type, type Static } from 'typebox';

/** One of the values. */
export function oneOf<const T extends readonly (string | number)[]>(values: T) {
  return Type.Unsafe<T[number]>(Type.Union(values.map((value) => Type.Literal(value))));
}

/** Names of frontends, backends, servers and routes: what HAProxy takes as a name, and no more of it than is safe in any place. */
export const ConfigName = Type.String({
  pattern: '^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,63}$',
  description: 'Letters, digits, underscore, dot, colon and hyphen, 1 to 64 characters',
});

/**
 * What a node resolves by itself: the name under which it keeps a certificate or an authority. The pattern is wide, so that a path
 * put here by mistake gets the remedy from the policy.
 */
export const TlsReference = Type.String({
  pattern: '^[!-~]{1,200}$',
  description: 'The name of a certificate that each node keeps; never a path and never the material itself',
});

export const HeaderName = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$',
  description: 'Letters, digits, underscore and hyphen, 1 to 64 characters',
});

/** Text of one line in printable ASCII: all that a header may hold everywhere. */
export const HeaderText = Type.String({
  pattern: '^[!-~]([ -~]{0,1022}[!-~])?$',
  description: 'Printable ASCII without blanks at its ends, 1 to 1,024 characters',
});

export const UrlPath = Type.String({
  pattern: '^/[!-~]{0,511}$',
  description: 'Begins with /, printable ASCII without blanks, up to 512 characters',
});

export const HostName = Type.String({
  pattern: '^([*][.])?[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$',
  description: 'A host name without a port; *.example.org stands for everything below example.org',
});

/** `host:port`, the host being a name, an IPv4 address or an IPv6 address in brackets. */
export const ServerAddress = Type.String({
  pattern: '^([A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\\[[0-9A-Fa-f:.]{2,45}\\]):[0-9]{1,5}$',
  description: 'host:port, an IPv6 address in brackets',
});

export const BindAddress = Type.String({
  pattern: '^([*]|node|[0-9]{1,3}([.][0-9]{1,3}){3}|[0-9A-Fa-f:.]{2,45})$',
  description:
    'An IPv4 or IPv6 address; * for all, which is the default; node for the one that each node is told to be its own',
});

export const Port = Type.Integer({ minimum: 1, maximum: 65535 });

/**
 * A header that is set, added or removed, in order. Exactly one of `value` and `from`, a fact of the request, goes with `set` and
 * `add`, none with `remove`.
 */
export const HeaderChange = Type.Object(
  {
    action: oneOf(['set', 'add', 'remove']),
    name: HeaderName,
    value: Type.Optional(HeaderText),
    from: Type.Optional(oneOf(['client-address', 'host', 'request-id', 'scheme'])),
  },
  { additionalProperties: false },
);
export type HeaderChange = Static<typeof HeaderChange>;

export const HeaderChanges = Type.Array(HeaderChange, { maxItems: 64 });
