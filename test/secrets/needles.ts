/** A secret and how it may look where it leaked. */
export interface Needle {
  readonly name: string;
  readonly shapes: readonly string[];
}

export interface Finding {
  readonly secret: string;
  readonly where: string;
  readonly shape: string;
}

/** The shapes of one secret: as it is, each long line of it, and as base64 (wherever it begins), hex, URL and JSON write it. */
export function needleOf(name: string, secret: string): Needle {
  const lines = secret.split('\n').filter((line) => line.length >= 12 && !line.startsWith('-----'));
  const texts = [...new Set([secret, ...lines])].filter((text) => text.length >= 8);
  const shapes = texts.flatMap((text) => [
    text,
    JSON.stringify(text).slice(1, -1),
    encodeURIComponent(text),
    Buffer.from(text).toString('hex'),
    ...base64Shapes(text),
  ]);
  return { name, shapes: [...new Set(shapes)] };
}

/** Where in a text which secret stands. */
export function findingsIn(where: string, text: string, needles: readonly Needle[]): Finding[] {
  return needles.flatMap(({ name, shapes }) => {
    const shape = shapes.find((one) => text.includes(one));
    return shape === undefined ? [] : [{ secret: name, where, shape: around(text, shape) }];
  });
}

/** base64 of a text differs by where it begins within three bytes; first and last characters also hold its neighbours. */
function base64Shapes(text: string): string[] {
  return [0, 1, 2].flatMap((offset) => {
    const encoded = Buffer.from(`${' '.repeat(offset)}${text}`)
      .toString('base64')
      .replace(/=+$/, '');
    const inner = encoded.slice(offset === 0 ? 0 : offset + 1, -2);
    return [inner, inner.replaceAll('+', '-').replaceAll('/', '_')];
  });
}

/** What stands around it, to find the place by. */
function around(text: string, shape: string): string {
  const at = text.indexOf(shape);
  return text.slice(Math.max(0, at - 60), at + shape.length + 20);
}
