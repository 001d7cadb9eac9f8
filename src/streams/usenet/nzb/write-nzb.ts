import { xmlText } from '../../../kit/xml-text.ts';
import type { Nzb, NzbFile } from './nzb.ts';

/** An NZB as text (DTD 1.1 without its DOCTYPE), for programs that fetch the post themselves. */
export function writeNzb({ title, password, files }: Nzb): string {
  const metas = [
    ['title', title],
    ['password', password],
  ].flatMap(([type, value]) => (value == null ? [] : [`<meta type="${type}">${xmlText(value)}</meta>`]));
  const head = metas.length === 0 ? '' : `<head>${metas.join('')}</head>\n`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<nzb xmlns="http://www.newzbin.com/DTD/2003/nzb">
${head}${files.map(fileText).join('\n')}
</nzb>
`;
}

function fileText({ subject, poster, postedAt, groups, segments }: NzbFile): string {
  const date = postedAt === null ? '' : ` date="${postedAt}"`;
  const parts = segments.map(
    ({ number, bytes, id }) => `<segment bytes="${bytes}" number="${number}">${xmlText(id)}</segment>`,
  );
  return `<file poster="${xmlText(poster ?? '')}"${date} subject="${xmlText(subject)}"><groups>${groups
    .map((group) => `<group>${xmlText(group)}</group>`)
    .join('')}</groups><segments>${parts.join('')}</segments></file>`;
}
