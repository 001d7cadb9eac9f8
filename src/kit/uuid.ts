/** A UUID in its usual form (RFC 9562 §4), whatever version, in small or capital letters. */
export const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;
