/** What a file is by its first bytes, and the ending it should have. */
export type Magic = {
  kind:
    | ('rar4' | 'rar5' | '7z' | 'zip' | 'par2')
    | ('mkv' | 'mp4' | 'avi' | 'ts' | 'm2ts' | 'iso' | 'wmv' | 'flv' | 'mpg' | 'srt');
  extension: string;
};

type Rule = { kind: Magic['kind']; extension?: string; is: (head: Buffer) => boolean };

const starts = (text: string, at = 0) => {
  const bytes = Buffer.from(text, 'latin1');
  return (head: Buffer) => head.subarray(at, at + bytes.length).equals(bytes);
};

const RULES: readonly Rule[] = [
  { kind: 'rar5', extension: 'rar', is: starts('Rar!\x1a\x07\x01\x00') },
  { kind: 'rar4', extension: 'rar', is: starts('Rar!\x1a\x07\x00') },
  { kind: '7z', is: starts('7z\xbc\xaf\x27\x1c') },
  { kind: 'zip', is: (head) => starts('PK\x03\x04')(head) || starts('PK\x05\x06')(head) },
  { kind: 'par2', is: starts('PAR2\0PKT') },
  { kind: 'mkv', extension: 'webm', is: (head) => isEbml(head) && head.subarray(0, 64).includes('webm') },
  { kind: 'mkv', is: isEbml },
  { kind: 'mp4', extension: 'mov', is: starts('ftypqt  ', 4) },
  { kind: 'mp4', is: (head) => starts('ftyp', 4)(head) || starts('moov', 4)(head) },
  { kind: 'avi', is: (head) => starts('RIFF')(head) && starts('AVI ', 8)(head) },
  { kind: 'wmv', is: starts('\x30\x26\xb2\x75\x8e\x66\xcf\x11') },
  { kind: 'flv', is: starts('FLV\x01') },
  { kind: 'mpg', is: (head) => starts('\0\0\x01\xba')(head) || starts('\0\0\x01\xb3')(head) },
  // Packets of 188 bytes (ISO/IEC 13818-1), on discs with 4 bytes before each: three in a row are no accident.
  { kind: 'ts', is: (head) => [0, 188, 376].every((at) => head[at] === 0x47) },
  { kind: 'm2ts', is: (head) => [4, 196, 388].every((at) => head[at] === 0x47) },
  // The first descriptor lies in sector 16 (ECMA-119, ECMA-167).
  { kind: 'iso', is: (head) => starts('CD001', 0x8001)(head) || starts('BEA01', 0x8001)(head) },
  { kind: 'srt', is: isSubRip },
];

/** Of the first bytes of a file: 400 do for most, an ISO image needs 33 KiB. Null: they say nothing. */
export function magicOf(head: Buffer): Magic | null {
  const rule = RULES.find(({ is }) => is(head));
  return rule ? { kind: rule.kind, extension: rule.extension ?? rule.kind } : null;
}

function isEbml(head: Buffer): boolean {
  return starts('\x1a\x45\xdf\xa3')(head);
}

function isSubRip(head: Buffer): boolean {
  return /^(\ufeff|ï»¿)?\s{0,8}\d{1,4}\r?\n\d\d:\d\d:\d\d[,.]\d{3} --> /.test(head.toString('latin1', 0, 80));
}
