/** Everything that may be cut at the end of a piece: a section's mark (9 characters) or a reference (`&#x10ffff;`, 10). */
const CARRIED = /(?:<[![A-Z]{0,8}|&[#\w]{0,9}|\]{1,2})$/;
const MARKS = /(<!\[CDATA\[|\]\]>)/;
/** What is no reference of XML's own: of an address, of a title, or to an entity nobody here knows. */
const BARE = /&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[\da-f]{1,6});)/gi;

/**
 * Writes `&amp;` for each ampersand that begins no reference, piece by piece, as many trackers' titles and links need: a parser
 * takes all that follows one for its name. Sections (`<![CDATA[`) stay as they are. An empty last piece gives what was held back.
 */
export function createAmpersandMender(): (piece: string) => string {
  let carry = '';
  let isSection = false;

  function mended(part: string): string {
    if (part === ']]>') isSection = false;
    const out = isSection ? part : part.replace(BARE, '&amp;');
    if (part === '<![CDATA[') isSection = true;
    return out;
  }

  return (piece) => {
    const text = carry + piece;
    carry = piece === '' ? '' : (CARRIED.exec(text.slice(-12))?.[0] ?? '');
    const whole = carry === '' ? text : text.slice(0, -carry.length);
    return whole.split(MARKS).map(mended).join('');
  };
}
