import type { Overview } from './api.ts';

/** Where the add-on is installed from. */
export type Addresses = Pick<Overview, 'publicUrl' | 'manifestUrl' | 'installUrl' | 'isHttps' | 'isLoopback'>;

/** The server's own addresses; before it has answered, those this page was loaded from. */
export function addressesOf(overview: Overview | null): Addresses {
  return overview ?? addressesOfPage(window.location);
}

function addressesOfPage({ origin, host, protocol, hostname }: Location): Addresses {
  return {
    publicUrl: origin,
    manifestUrl: `${origin}/manifest.json`,
    installUrl: `stremio://${host}/manifest.json`,
    isHttps: protocol === 'https:',
    isLoopback: hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.'),
  };
}

/** Stremio's web player; the manifest URL is behind the `#`, so it is not sent to that site's server. */
export function stremioWebUrl(manifestUrl: string): string {
  return `https://web.stremio.com/#/addons?addon=${encodeURIComponent(manifestUrl)}`;
}

/**
 * The same file by the address this page was loaded from: PUBLIC_URL may be one this browser cannot reach,
 * and the page's policy allows media from its own origin only.
 */
export function viaThisPage(url: string, publicUrl: string): string {
  const base = publicUrl.replace(/\/+$/, '');
  return url.startsWith(`${base}/`) ? url.slice(base.length) : url;
}
