import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';

const limitMs = 2000;

export interface NamedText {
  /** Behind the name of the file, such as a revision. */
  readonly label: string;
  readonly text: string;
}

/** Two texts of haproxy.cfg as a unified diff; empty when they are the same. */
export function textDiff(before: NamedText, after: NamedText): string {
  if (before.text === after.text) return '';
  const patch = createTwoFilesPatch(
    ...(['haproxy.cfg', 'haproxy.cfg', before.text, after.text, before.label, after.label] as const),
    { context: 3, timeout: limitMs, headerOptions: FILE_HEADERS_ONLY },
  );
  return patch ?? wholeDiff(before, after);
}

/** Texts that have too little in common to find it in time: all of one, then all of the other. */
function wholeDiff(before: NamedText, after: NamedText): string {
  const [old, young] = [before, after].map(({ text }) => text.split('\n').slice(0, -1));
  return [
    `--- haproxy.cfg\t${before.label}`,
    `+++ haproxy.cfg\t${after.label}`,
    `@@ -1,${old?.length ?? 0} +1,${young?.length ?? 0} @@`,
    ...(old ?? []).map((line) => `-${line}`),
    ...(young ?? []).map((line) => `+${line}`),
    '',
  ].join('\n');
}
