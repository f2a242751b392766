export interface Grouping {
  /** Grouping accuracy: the share of lines whose group is exactly the true one. */
  readonly ga: number;
  /** F1 of the groups that are exactly a true one. */
  readonly fga: number;
  readonly groups: number;
  readonly true_groups: number;
}

/** GA and FGA as defined by Zhu et al. 2019 and Jiang et al. 2023 (LogHub-2.0): a group counts only when it is right as a whole. */
export function groupingOf(found: readonly string[], labels: readonly string[]): Grouping {
  const groups = rowsBy(found);
  const truth = rowsBy(labels);
  let lines = 0;
  let right = 0;
  for (const rows of groups.values()) {
    const label = labels[rows[0] ?? 0] ?? '';
    const isRight = truth.get(label)?.length === rows.length && rows.every((row) => labels[row] === label);
    if (!isRight) continue;
    lines += rows.length;
    right += 1;
  }
  const [precision, recall] = [right / groups.size, right / truth.size];
  const fga = right === 0 ? 0 : (2 * precision * recall) / (precision + recall);
  return { ga: lines / labels.length, fga, groups: groups.size, true_groups: truth.size };
}

function rowsBy(names: readonly string[]): Map<string, number[]> {
  const rows = new Map<string, number[]>();
  for (const [row, name] of names.entries()) {
    const own = rows.get(name);
    if (own === undefined) rows.set(name, [row]);
    else own.push(row);
  }
  return rows;
}
