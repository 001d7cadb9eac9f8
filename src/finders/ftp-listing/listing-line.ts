import { instantOf } from '../../kit/instant.ts';
import { wholeSize } from '../../kit/whole-size.ts';
import { FileType, parseList } from '../../platform/ftp/control.ts';

/** One line of a listing; the name in bytes, one character each. */
export type ListedLine = {
  kind: 'file' | 'folder' | 'link';
  name: string;
  sizeBytes: number | null;
  modifiedAt: Date | null;
};

/** `ls -l`, as nearly all servers write it. One space stands between time and name: what comes behind it is the name's. */
const UNIX =
  /^([-dl])[-rwxsStTlL]{9}[.+@]? +\d+ +\S+ +\S+ +(\d+) +[A-Z][a-z]{2} +\d{1,2} +(?:\d{4}|\d{1,2}:\d\d) (.*)$/;
/** Devices, pipes and sockets; the sum of blocks. */
const NO_FILE = /^(?:[bcps][-rwxsStT]{9}|total \d)/;
const KINDS: Readonly<Record<string, ListedLine['kind']>> = { '-': 'file', d: 'folder', l: 'link' };

/** Null: it is none to list (devices, the folder itself). `refused`: it is no line of a listing, as half of a name with a line end in it. */
export function lineOfList(line: string): ListedLine | null | 'refused' {
  const [, mark = '', size = '', name = ''] = UNIX.exec(line) ?? [];
  const kind = KINDS[mark];
  if (kind === undefined) return NO_FILE.test(line) ? null : otherLine(line);
  if (name === '.' || name === '..') return null;
  // No year within the last months, and the server's own zone: no time one could rely on.
  if (kind === 'link') return { kind, name: linkName(name), sizeBytes: null, modifiedAt: null };
  return { kind, name, sizeBytes: kind === 'file' ? wholeSize(size) : null, modifiedAt: null };
}

/** DOS, and the rarer ways of `ls`: the library knows them. */
function otherLine(line: string): ListedLine | null | 'refused' {
  const [info] = tried(line);
  if (info === undefined || info.name === '') return 'refused';
  const { name } = info;
  if (info.type === FileType.Directory) return { kind: 'folder', name, sizeBytes: null, modifiedAt: null };
  if (info.type === FileType.SymbolicLink) return { kind: 'link', name, sizeBytes: null, modifiedAt: null };
  if (info.type === FileType.File)
    return { kind: 'file', name, sizeBytes: wholeSize(`${info.size}`), modifiedAt: null };
  return 'refused';
}

function tried(line: string): ReturnType<typeof parseList> {
  try {
    return parseList(line);
  } catch {
    return [];
  }
}

/** Which ` -> ` ends the name is not told; the last one leaves links to most places right. */
function linkName(text: string): string {
  const end = text.lastIndexOf(' -> ');
  return end < 0 ? text : text.slice(0, end);
}

/** RFC 3659 §7.2: facts, a space, the name. */
export function lineOfMlsd(line: string): ListedLine | null | 'refused' {
  const space = line.indexOf(' ');
  if (space < 0 || line[space - 1] !== ';') return 'refused';
  const name = line.slice(space + 1);
  const facts = new Map(
    line
      .slice(0, space)
      .split(';')
      .map((fact) => {
        // `type=OS.unix=slink:` has two.
        const at = fact.indexOf('=');
        return [fact.slice(0, at).toLowerCase(), fact.slice(at + 1)];
      }),
  );
  const type = facts.get('type')?.toLowerCase() ?? '';
  const modifiedAt = timeOf(facts.get('modify') ?? '');
  if (type === 'dir') return { kind: 'folder', name, sizeBytes: null, modifiedAt };
  if (type.startsWith('os.unix=s')) return { kind: 'link', name, sizeBytes: null, modifiedAt: null };
  if (type !== 'file') return null;
  return { kind: 'file', name, sizeBytes: wholeSize(facts.get('size') ?? ''), modifiedAt };
}

/** `YYYYMMDDHHMMSS[.sss]`, UTC. */
function timeOf(text: string): Date | null {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)/.exec(text) ?? [];
  if (second === undefined) return null;
  return instantOf(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}
