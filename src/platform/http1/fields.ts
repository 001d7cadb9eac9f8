/** RFC 9110 §5.6.2. */
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";

/** Field lines of a request as players send them: nothing beyond ASCII. A pattern's source. */
export const PLAIN_FIELDS = `(?:${TOKEN}:[\\t -~]*\\r\\n)*`;
/** Field lines of an answer (RFC 9112 §5): no folding, no bare CR or LF, which would be another line to another reader. */
export const FIELDS = `(?:${TOKEN}:[^\\r\\n\\0]*\\r\\n)*`;
