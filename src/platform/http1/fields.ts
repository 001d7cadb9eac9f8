/** RFC 9110 §5.6.2. */
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";

/** Field lines of a request as players send them: nothing beyond ASCII. A pattern's source. */
export const PLAIN_FIELDS = `(?:${TOKEN}:[\\t -~]*\\r\\n)*`;
/** Field lines of an answer (RFC 9112 §5): no folding, no bare CR or LF, which would be another line to another reader. */
export const FIELDS = `(?:${TOKEN}:[^\\r\\n\\0]*\\r\\n)*`;

/** Reads field lines that match one of the above. Names in lower case; `add` gets each line. */
export function readFields(lines: string, add: (name: string, value: string) => void): void {
  for (let at = 0; at < lines.length; ) {
    const colon = lines.indexOf(':', at);
    const end = lines.indexOf('\r\n', colon);
    add(lines.slice(at, colon).toLowerCase(), lines.slice(colon + 1, end).trim());
    at = end + 2;
  }
}
