/** What one check saw; `problem` and `fix` are there when it is not ok. */
export interface Finding {
  readonly name: string;
  readonly ok: boolean;
  readonly problem?: string;
  readonly fix?: string;
}

export function healthy(name: string): Finding {
  return { name, ok: true };
}

export function wrong(name: string, problem: string, fix: string): Finding {
  return { name, ok: false, problem, fix };
}
