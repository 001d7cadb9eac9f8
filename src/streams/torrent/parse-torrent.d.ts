/** The package brings no types. Its answer is parsed with zod, so `unknown` is all that is promised. */
declare module 'parse-torrent' {
  /** Parses a magnet, an info hash or the bytes of a `.torrent`; opens no connection and no file (only its `remote` does). */
  export default function parseTorrent(torrentId: string | Uint8Array): Promise<unknown>;
}
