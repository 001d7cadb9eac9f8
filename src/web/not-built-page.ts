/** Seconds between two reloads of the page that waits for the build (a build takes about 5 s on two cores). */
const RELOAD_AFTER_S = 3;

const MARK =
  '<svg width="44" height="44" viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="9" fill="#067784"/><g fill="none" stroke="#fff" stroke-linecap="round"><path d="M11 5.5v21" stroke-width="4.2"/><path d="M23.5 8c0 6.5-3.5 8.2-6.8 10.2S11.8 22.5 11 26" stroke-width="2.8" stroke-opacity=".85"/></g></svg>';

/** The page before there is a page: no script, no file beside it; installing works from it. */
export function notBuiltPage({
  manifestUrl,
  isBuilding,
}: {
  manifestUrl: string;
  isBuilding: boolean;
}): string {
  const installUrl = manifestUrl.replace(/^https?:/, 'stremio:');
  const notice = isBuilding
    ? 'The web page is being built. This page reloads by itself in a few seconds.'
    : 'The web page could not be built; the log of the server says why. Everything else works.';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
${isBuilding ? `<meta http-equiv="refresh" content="${RELOAD_AFTER_S}">` : ''}
<title>Tributary</title>
<link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark; }
body { font: 16px/1.55 system-ui, sans-serif; max-width: 38rem; margin: 12vh auto; padding: 0 1.25rem; color: CanvasText; background: Canvas; }
h1 { font-size: 1.75rem; letter-spacing: -.02em; margin: 0 0 .5rem; }
a.install { display: inline-block; margin-top: .75rem; padding: .6rem 1.1rem; border-radius: .6rem; background: #067784; color: #fff; text-decoration: none; font-weight: 600; }
code { display: block; padding: .7rem .9rem; border: 1px solid #8886; border-radius: .6rem; overflow-wrap: anywhere; user-select: all; }
p.quiet { opacity: .75; font-size: .9rem; }
</style>
</head>
<body>
${MARK}
<h1>Tributary is running</h1>
<p>${notice}</p>
<p>You can install the add-on now. In Stremio open Add-ons, choose Add add-on and paste this address:</p>
<code>${escapeHtml(manifestUrl)}</code>
<p><a class="install" href="${escapeHtml(installUrl)}">Install in Stremio</a></p>
<p class="quiet">The button always uses https. When this server speaks plain http, paste the address instead.</p>
</body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
