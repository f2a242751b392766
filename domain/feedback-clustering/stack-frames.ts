export interface StackFrame {
  readonly function: string;
  /** File or module without directories that differ between machines, lines, columns and build hashes. */
  readonly module: string;
  /** The file as its runtime names it, without line and column; of Java the class as a path; empty where none is told. */
  readonly path: string;
  /** Whether it is a library's or the platform's, not the project's own. */
  readonly isForeign: boolean;
}

interface Form {
  readonly pattern: RegExp;
  readonly read: (groups: Readonly<Record<string, string | undefined>>) => {
    name: string;
    place: string;
    path: string;
  };
}

/** Of Java and Kotlin, JavaScript (two), C#, Python, Ruby. */
const forms: readonly Form[] = [
  { pattern: /^\s*at (?<name>[\w.$<>/@]+)\((?<place>[^()]*)\)/, read: javaMethod },
  { pattern: /^\s*at (?:async )?(?<name>[^()]*?) ?\((?<place>[^()]*:\d+(?::\d+)?)\)/, read: named },
  { pattern: /^\s*at (?<place>(?:\w+:\/\/|\/|\w:\\|node:)?[^\s():]+:\d+:\d+)\s*$/, read: named },
  { pattern: /^\s*at (?<name>[\w.$<>`,[\]]+\(.*?\))(?: in (?<place>.+?):line \d+)?\s*$/, read: named },
  { pattern: /^\s*File "(?<place>[^"]+)", line \d+(?:, in (?<name>.+?))?\s*$/, read: named },
  { pattern: /^\s*(?:from )?(?<place>[^\s:]+\.rb):\d+:in ['`](?<name>[^'`]+)'/, read: named },
];

const foreign =
  /node_modules|node:|internal\/|site-packages|dist-packages|lib\/python\d|<frozen |\/gems\/|^(?:java|javax|jdk|sun|kotlin|scala|akka|org\.springframework|System|Microsoft)\./;

/** The frames of a stack trace in the order in which they stand; an empty list where nothing in the text is a frame. */
export function stackFrames(stack: string): StackFrame[] {
  return stack.split(/\r?\n/, 500).flatMap((line) => frameOf(line) ?? []);
}

function frameOf(line: string): StackFrame | null {
  for (const { pattern, read } of forms) {
    const groups = pattern.exec(line.slice(0, 1000))?.groups;
    if (groups === undefined) continue;
    const { name, place, path } = read(groups);
    const isForeign = foreign.test(place) || foreign.test(name);
    const net = path === '' ? netFile.exec(line.slice(0, 1000))?.[1] : undefined;
    return { function: name, module: moduleOf(place), path: pathOf(net ?? path), isForeign };
  }
  return null;
}

function named({ name = '', place = '' }: Readonly<Record<string, string | undefined>>) {
  return { name: name.replaceAll(/<anonymous>|\$\d+|0x[0-9a-f]+/g, '').trim(), place, path: place };
}

/** The class says where it is, and the file nothing more. */
function javaMethod({ name = '', place: file = '' }: Readonly<Record<string, string | undefined>>) {
  const method = name.replaceAll(/\$\$?Lambda[^.]*|\$\d+|@[0-9a-f]+/g, '').replace(/^.*\//, '');
  const packages = method.split('.').slice(0, -2);
  const source = /^[\w$-]+\.(?:java|kt|scala|groovy)(?=:|$)/.exec(file)?.[0];
  return { name: method, place: '', path: source === undefined ? '' : [...packages, source].join('/') };
}

/** Without protocol and host, line and column, drive letter and query; with slashes. */
function pathOf(place: string): string {
  return place
    .replace(/^(?:webpack|https?|file|app):\/\/(?:[^/]*:\d+)?/, '')
    .replace(/(?::\d+)+$/, '')
    .replace(/[?#].*$/, '')
    .replaceAll('\\', '/')
    .replace(/^[A-Za-z]:/, '');
}

/** Frames of .NET without blanks in their names look like those of Java, and have the file behind them. */
const netFile = / in (.+?):line \d+\s*$/;

/** The last two parts of the path, without what a build adds. */
function moduleOf(place: string): string {
  const path = place.replace(/(?::\d+)+$/, '').replace(/[?#].*$/, '');
  const parts = path
    .split(/[\\/]+/)
    .filter((part) => part !== '')
    .slice(-2);
  return parts.join('/').replaceAll(/[.-](?=[0-9a-f]*\d)[0-9a-f]{6,}(?=\.)/gi, '');
}
