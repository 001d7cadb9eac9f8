/** One line of a playlist: what it is called, where it is, and subtitles that lie beside it. */
export type PlaylistEntry = { title: string; url: string; subtitleUrls: readonly string[] };

export const M3U_TYPE = 'audio/x-mpegurl; charset=utf-8';

/**
 * An extended M3U in UTF-8. Subtitles go as VLC's `input-slave`, several of them parted by `#` (our URLs hold none); players
 * that do not know the option take it for a comment.
 */
export function m3uOf(entries: readonly PlaylistEntry[]): string {
  const lines = entries.flatMap(({ title, url, subtitleUrls }) => [
    `#EXTINF:-1,${title.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim()}`,
    ...(subtitleUrls.length === 0 ? [] : [`#EXTVLCOPT:input-slave=${subtitleUrls.join('#')}`]),
    url,
  ]);
  return `${['#EXTM3U', ...lines].join('\n')}\n`;
}
