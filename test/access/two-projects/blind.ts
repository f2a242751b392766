import pg from 'pg';

/**
 * Takes the first wall away: every condition that compares a project in any statement is made to hold, whatever the row. Answers how many
 * statements were made blind so far, and how to give them their sight back.
 */
export function blindFilters(): { blinded(): number; end(): void } {
  const { query } = pg.Client.prototype;
  let count = 0;

  function blind(text: string): string {
    const now = conditions.reduce((rest, [shape, instead]) => rest.replace(shape, instead), text);
    if (now !== text) count += 1;
    return now;
  }

  pg.Client.prototype.query = function (this: pg.Client, ...args: unknown[]): never {
    const [asked, ...rest] = args;
    const changed = typeof asked === 'string' ? blind(asked) : blindObject(asked);
    return (query as (...all: unknown[]) => never).call(this, changed, ...rest);
  };

  function blindObject(asked: unknown): unknown {
    const { text } = asked as { text?: unknown };
    if (typeof text !== 'string') return asked;
    const changed = blind(text);
    if (changed === text) return asked;
    // Prepared under another name, for the statement with sight may be there already.
    const { name } = asked as { name?: string };
    return Object.assign(asked as object, {
      text: changed,
      ...(name === undefined ? {} : { name: `blind-${name}`.slice(0, 63) }),
    });
  }

  return {
    blinded: () => count,
    end: () => void (pg.Client.prototype.query = query),
  };
}

const column = String.raw`(?:"?\b\w+"?\.)?"?\bproject"?`;

/** The parameter keeps its place and its type. Assignments (`set project = …`) are no conditions. */
const conditions: readonly (readonly [RegExp, string])[] = [
  [new RegExp(String.raw`(?<!\bset )${column}\s*=\s*(\$\d+)(?:::text)?`, 'g'), '($1::text = $1::text)'],
  [new RegExp(String.raw`${column}\s+in\s*\((\$[^)]*)\)`, 'g'), '(array[$1]::text[] is not null)'],
  [new RegExp(String.raw`${column}\s*=\s*asked\.project`, 'g'), 'true'],
];
