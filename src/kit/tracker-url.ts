const DEFAULT_PORTS: Readonly<Record<string, string>> = {
  'http:': '80',
  'https:': '443',
  'ws:': '80',
  'wss:': '443',
};
const MAX_URL_CHARS = 2048;

/**
 * One spelling per tracker: scheme and host in lower case, no default port, no fragment, UDP with a path (BEP 15 sends
 * none, so `udp://t:1` and `udp://t:1/announce` are one). Null for what is no announce URL, and for one that carries
 * a member's passkey: this table is shown, and its URLs go out with offers.
 */
export function trackerUrl(text: string): string | null {
  const url = URL.parse(text.trim());
  if (url === null || !/^(udp|https?|wss?):$/.test(url.protocol)) return null;
  if (url.hostname === '' || url.username !== '' || url.password !== '' || hasPasskey(url)) return null;
  const isUdp = url.protocol === 'udp:';
  if (isUdp && url.port === '') return null;
  const port = url.port === '' || url.port === DEFAULT_PORTS[url.protocol] ? '' : `:${url.port}`;
  const path = isUdp && url.pathname.length < 2 ? '/announce' : url.pathname;
  // The parser leaves the host of a scheme it does not know (udp) as it was written.
  const href = `${url.protocol}//${url.hostname.toLowerCase()}${port}${path}${url.search}`;
  return href.length <= MAX_URL_CHARS ? href : null;
}

/** `?passkey=…`, `/announce/0123456789abcdef0123/`, `/0123456789abcdef0123/announce`. */
function hasPasskey(url: URL): boolean {
  const named = [...url.searchParams.keys()].some((name) =>
    /pass|key|auth|token|secret|^(uid|pid|u|h)$/i.test(name),
  );
  return named || url.pathname.split('/').some((part) => /^(?=.*\d)[0-9a-z_-]{16,}$/i.test(part));
}
