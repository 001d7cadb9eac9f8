import { access } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { type NextFunction, type Request, type Response, Router } from 'express';
import { NotFound } from '../kit/errors.ts';
import { notBuiltPage } from './not-built-page.ts';

export type WebOptions = {
  /** Absolute path of the built page: `index.html` and `assets/`. */
  distDir: string;
  /** True when `distDir` holds a whole build; asked at every request of the page, so keep it cheap. */
  isBuilt(): boolean;
  /** False when no build is coming (it failed, or there is nothing to build with): the page then says so. Default: coming. */
  isBuilding?(): boolean;
  /** The manifest URL shown while the page is not built. Default: the address of the request. */
  manifestUrl?(req: Request): string;
  /** Where the page may ask besides here: origins of file servers it measures. Default: nowhere. */
  measuredOrigins?(): Promise<readonly string[]>;
};

/** Scripts and styles come from us alone; posters from any https host; Mantine writes its variables in `<style>`. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "img-src 'self' https: data:",
  "style-src 'self' 'unsafe-inline'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

/** One folder deep and no leading dot: a name that matches cannot leave `assets/`. */
const ASSET_NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;
/** Vite's `name-<8 characters of the content's hash>.ext`. */
const HASHED_NAME = /-[A-Za-z0-9_-]{8}\.[a-z0-9]+$/;
const ENCODINGS = { br: '.br', gzip: '.gz' } as const;

/**
 * The web page: `/`, `/configure` and `/assets/:name`. Serves files only; the page takes everything else from `/api`.
 * Until `isBuilt()` the page is a plain one with the manifest URL that reloads itself.
 */
export function webRoutes(options: WebOptions): Router {
  const assetsDir = join(options.distDir, 'assets');
  const router = Router();
  router.get(['/', '/configure'], page);
  router.get('/assets/:name', asset);
  router.use('/assets', missing);
  return router;

  async function page(req: Request, res: Response, next: NextFunction) {
    // A page without them is a page all the same.
    setPageHeaders(res, (await options.measuredOrigins?.().catch(() => [])) ?? []);
    if (!options.isBuilt()) return sendNotBuilt(req, res);
    // The folder is swapped by a rename, so the file may be gone for a moment after isBuilt().
    const onSent = (error?: Error) => {
      if (!error) return;
      if (!res.headersSent && isMissing(error)) return sendNotBuilt(req, res);
      next(error);
    };
    return res.sendFile('index.html', { root: options.distDir, cacheControl: false }, onSent);
  }

  function sendNotBuilt(req: Request, res: Response) {
    const manifestUrl = options.manifestUrl?.(req) ?? manifestUrlOf(req);
    res.set('Cache-Control', 'no-store').type('html');
    res.send(notBuiltPage({ manifestUrl, isBuilding: options.isBuilding?.() ?? true }));
  }

  async function asset(req: Request<{ name: string }>, res: Response, next: NextFunction) {
    const { name } = req.params;
    if (!ASSET_NAME.test(name)) return next(noSuchFile());
    const encoding = await pickEncoding(req, join(assetsDir, name));
    setAssetHeaders(res, name, encoding);
    const file = encoding === null ? name : name + ENCODINGS[encoding];
    return res.sendFile(file, { root: assetsDir, cacheControl: false }, (error?: Error) => {
      if (!error) return;
      if (res.headersSent || !isMissing(error)) return next(error);
      for (const header of ['Cache-Control', 'Content-Encoding', 'Content-Type']) res.removeHeader(header);
      next(noSuchFile());
    });
  }
}

function missing(_req: Request, _res: Response, next: NextFunction) {
  next(noSuchFile());
}

function noSuchFile(): NotFound {
  return new NotFound('web.file_not_found', 'There is no such file. Reload the page.');
}

/** What a policy can name: an origin of any other spelling could end it and begin another. */
const NAMEABLE = /^https?:\/\/[a-z0-9.-]+(:\d{1,5})?$/;

function policyFor(origins: readonly string[]): string {
  const nameable = origins.filter((origin) => NAMEABLE.test(origin));
  return nameable.length === 0
    ? CONTENT_SECURITY_POLICY
    : `${CONTENT_SECURITY_POLICY}; connect-src 'self' ${nameable.join(' ')}`;
}

function setPageHeaders(res: Response, origins: readonly string[]) {
  res.set({
    'Cache-Control': 'no-cache',
    'Content-Security-Policy': policyFor(origins),
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Permissions-Policy': 'camera=(), microphone=(), geolocation=()',
  });
}

function setAssetHeaders(res: Response, name: string, encoding: keyof typeof ENCODINGS | null) {
  res.set({
    'Cache-Control': HASHED_NAME.test(name) ? 'public, max-age=31536000, immutable' : 'no-cache',
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    Vary: 'Accept-Encoding',
  });
  res.type(extname(name) || 'bin');
  if (encoding !== null) res.set('Content-Encoding', encoding);
}

/** The best precompressed file the client takes and the build has written. */
async function pickEncoding(req: Request, path: string): Promise<keyof typeof ENCODINGS | null> {
  for (const encoding of ['br', 'gzip'] as const) {
    if (req.acceptsEncodings(encoding) !== encoding) continue;
    const found = await access(path + ENCODINGS[encoding]).then(
      () => true,
      () => false,
    );
    if (found) return encoding;
  }
  return null;
}

/** The Host header is the client's: only one that parses to the same host is shown. */
function manifestUrlOf(req: Request): string {
  const url = `${req.protocol}://${req.host ?? ''}/manifest.json`;
  const parsed = URL.parse(url);
  return parsed !== null && parsed.pathname === '/manifest.json' ? parsed.href : '/manifest.json';
}

function isMissing(error: Error): boolean {
  return 'statusCode' in error ? error.statusCode === 404 : 'code' in error && error.code === 'ENOENT';
}
