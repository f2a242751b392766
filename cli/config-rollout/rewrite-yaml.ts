import { isDeepStrictEqual } from 'node:util';
import {
  isMap,
  isScalar,
  isSeq,
  parse,
  parseDocument,
  stringify,
  type Document,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';

/** No line is folded, so that each stays where it was. */
const layout = { lineWidth: 0 } as const;

/** A value as people read it. */
export function yamlText(value: unknown): string {
  return stringify(value, layout);
}

/**
 * The text with another value: comments and layout stay where the content does. Items of a list are told apart by their names. Where the
 * text cannot be kept, with anchors for instance, the value is written anew.
 */
export function rewriteYaml(text: string, value: unknown): string {
  const rewritten = keepLayout(text, value);
  return rewritten === null ? yamlText(value) : rewritten;
}

/** null: it would not say the same. */
function keepLayout(text: string, value: unknown): string | null {
  const document = parseDocument(text);
  if (document.errors.length > 0) return null;
  const before = document.toString(layout);
  try {
    document.contents = bring(document, document.contents, value) as never;
    const rewritten = withOwnLines(document.toString(layout), before, text);
    return isDeepStrictEqual(plain(parse(rewritten)), plain(value)) ? rewritten : null;
  } catch {
    // An alias whose anchor is gone.
    return null;
  }
}

/** Lines that are no other than before are as their writer had them; `before` is the whole text in the layout of `rewritten`. */
function withOwnLines(rewritten: string, before: string, text: string): string {
  const own = text.split('\n');
  const laidOut = before.split('\n');
  if (own.length !== laidOut.length) return rewritten;
  let from = 0;
  const lines = rewritten.split('\n').map((line) => {
    const at = laidOut.indexOf(line, from);
    if (at < 0) return line;
    from = at + 1;
    return own[at] ?? line;
  });
  return lines.join('\n');
}

/** As JSON has it: a member that is undefined is none. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}

/** The node with the value, itself where it can be kept. */
function bring(document: Document, node: unknown, value: unknown): unknown {
  if (isMap(node) && isMembers(value)) return bringMap(document, node, value);
  if (isSeq(node) && Array.isArray(value)) return bringSeq(document, node, value);
  if (isScalar(node) && typeof value !== 'object') {
    node.value = value;
    return node;
  }
  return document.createNode(value);
}

function bringMap(document: Document, node: YAMLMap, value: Readonly<Record<string, unknown>>): YAMLMap {
  for (const { key } of [...node.items]) {
    const name = isScalar(key) ? String(key.value) : String(key);
    if (value[name] === undefined) node.delete(key);
  }
  for (const [name, inner] of Object.entries(value)) {
    if (inner === undefined) continue;
    const present = node.get(name, true);
    const isSame = present !== undefined && isDeepStrictEqual(plainOf(document, present), plain(inner));
    if (!isSame) node.set(name, bring(document, present, inner));
  }
  return node;
}

function bringSeq(document: Document, node: YAMLSeq, value: readonly unknown[]): YAMLSeq {
  const left = [...node.items];
  node.items = value.map((inner, index) => {
    const name = nameOf(inner);
    const at =
      name === undefined
        ? left.indexOf(node.items[index])
        : left.findIndex((item) => nameOf(plainOf(document, item)) === name);
    const [present] = at < 0 ? [] : left.splice(at, 1);
    return bring(document, present, inner);
  });
  return node;
}

function plainOf(document: Document, node: unknown): unknown {
  return isMap(node) || isSeq(node) || isScalar(node) ? plain(node.toJS(document)) : undefined;
}

function nameOf(value: unknown): unknown {
  return isMembers(value) ? value['name'] : undefined;
}

function isMembers(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
