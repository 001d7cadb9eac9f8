import { randomUUID } from 'node:crypto';
import { yencBody } from './yenc-encode.ts';

export type PostedPart = { id: string; number: number; bytes: number };
export type PostOptions = {
  name: string;
  bytes: Uint8Array;
  /** Of each part but the last; a function gives each its own. */
  partBytes?: number | ((part: number) => number);
  /** In the subject, and in yEnc's header. */
  subjectName?: string;
  yencName?: string;
};

/** A file as articles, put into `articles`; what an NZB says of them. */
export function postFile(
  articles: Map<string, Buffer>,
  options: PostOptions,
): { subject: string; parts: PostedPart[] } {
  const { name, bytes, partBytes = 700_000, subjectName = name, yencName = name } = options;
  const sizeOf = typeof partBytes === 'number' ? () => partBytes : partBytes;
  const cuts: { begin: number; end: number }[] = [];
  for (let begin = 0; begin < bytes.length || cuts.length === 0; ) {
    const end = Math.min(bytes.length, begin + sizeOf(cuts.length + 1));
    cuts.push({ begin, end });
    begin = end;
    if (bytes.length === 0) break;
  }
  const parts = cuts.map(({ begin, end }, index) => {
    const id = `${randomUUID()}@post.invalid`;
    const body = yencBody({
      ...{ name: yencName, part: index + 1, total: cuts.length, begin, fileSize: bytes.length },
      bytes: bytes.subarray(begin, end),
    });
    articles.set(id, body);
    return { id, number: index + 1, bytes: body.length };
  });
  return { subject: `"${subjectName}" yEnc (1/${cuts.length})`, parts };
}

const escaped = (text: string) =>
  text.replace(
    /[<>&"]/g,
    (char) => ({ '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;' })[char] ?? char,
  );

/** An NZB of these files. */
export function nzbOf(
  files: readonly { subject: string; parts: readonly PostedPart[] }[],
  meta: Readonly<Record<string, string>> = {},
): string {
  const head = Object.entries(meta).map(
    ([type, value]) => `<meta type="${escaped(type)}">${escaped(value)}</meta>`,
  );
  const body = files.map(
    ({
      subject,
      parts,
    }) => `<file poster="poster &lt;a@b.invalid&gt;" date="1764000000" subject="${escaped(subject)}">
<groups><group>alt.binaries.test</group></groups>
<segments>
${parts.map(({ id, number, bytes }) => `<segment bytes="${bytes}" number="${number}">${escaped(id)}</segment>`).join('\n')}
</segments>
</file>`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE nzb PUBLIC "-//newzBin//DTD NZB 1.1//EN" "http://www.newzbin.com/DTD/nzb/nzb-1.1.dtd">
<nzb xmlns="http://www.newzbin.com/DTD/2003/nzb">
<head>${head.join('')}</head>
${body.join('\n')}
</nzb>
`;
}
