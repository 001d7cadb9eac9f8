/** The package brings no types. What it decodes is a stranger's, so `unknown` is all that is promised. */
declare module 'bencode' {
  const bencode: {
    /** Byte strings become `Uint8Array`, dictionaries plain objects. Throws on what is malformed; bytes after the first value are not looked at. */
    decode(data: Uint8Array): unknown;
    encode(value: unknown): Uint8Array;
  };
  export default bencode;
}
