import { sql, type Kysely } from 'kysely';

/** Principals, what they may be in which project, and their API keys. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  `create table principal (
    id text primary key,
    kind text not null check (kind in ('person', 'service', 'proxy')),
    created_at timestamptz not null default now()
  )`,
  // A project, or * for every one of the installation.
  `create table membership (
    project text not null,
    principal text not null references principal,
    role text not null check (role in ('viewer', 'operator', 'approver', 'admin')),
    granted_by text not null,
    created_at timestamptz not null default now(),
    primary key (project, principal, role)
  )`,
  `create table api_key (
    id text primary key,
    project text not null,
    principal text not null references principal,
    name text not null,
    -- Public part, by which the key is found; the secret is kept as its sha256 alone: it is random and long, so no slow hash is needed.
    prefix text not null unique,
    hash bytea not null,
    scopes jsonb,
    created_by text not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz
  )`,
  `create index api_key_listing on api_key (project, id desc)`,
];
