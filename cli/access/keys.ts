import type { ApiKey, ApiKeyList, NewApiKey } from '../../contracts/access.ts';
import type { Cli } from '../context.ts';
import { table } from '../table.ts';

export async function listKeys(cli: Cli): Promise<void> {
  const { items } = await cli.api.get<ApiKeyList>(cli.path('api-keys'));
  const rows = items.map((key) => [
    key.id,
    key.principal,
    `${key.prefix}_…`,
    stateOf(key),
    key.lastUsedAt ?? 'never used',
    key.name,
  ]);
  cli.out.data(items, () => table([['ID', 'PRINCIPAL', 'KEY', 'STATE', 'LAST USED', 'NAME'], ...rows]));
}

interface CreateFlags {
  readonly for: string;
  readonly name: string;
  readonly expiresIn: string;
  readonly scope?: string[];
}

export async function createKey(cli: Cli, _args: readonly string[], flags: CreateFlags): Promise<void> {
  const { body } = await cli.api.post<NewApiKey>(cli.path('api-keys'), {
    principal: flags.for,
    name: flags.name,
    expiresIn: flags.expiresIn,
    ...(flags.scope === undefined ? {} : { scopes: flags.scope }),
  });
  tell(cli, body);
}

export async function rotateKey(
  cli: Cli,
  [id = '']: readonly string[],
  { overlap }: { overlap: string },
): Promise<void> {
  const path = cli.path(`api-keys/${encodeURIComponent(id)}/rotate`);
  tell(cli, (await cli.api.post<NewApiKey>(path, { overlap })).body);
}

export async function revokeKey(cli: Cli, [id = '']: readonly string[]): Promise<void> {
  await cli.api.delete(cli.path(`api-keys/${encodeURIComponent(id)}`));
  cli.out.data({ id, revoked: true }, () => `revoked ${id}`);
}

/** The secret alone on stdout, so that it can go straight into a file. */
function tell(cli: Cli, key: NewApiKey): void {
  cli.out.note(
    `key ${key.id} of ${key.principal}, until ${key.expiresAt ?? 'revoked'}; this is the only time it is shown:`,
  );
  cli.out.data(key, () => key.secret);
}

function stateOf(key: ApiKey): string {
  const now = new Date().toISOString();
  if (key.revokedAt !== null) return key.revokedAt <= now ? 'revoked' : `until ${key.revokedAt}`;
  if (key.expiresAt !== null && key.expiresAt <= now) return 'expired';
  return 'works';
}
