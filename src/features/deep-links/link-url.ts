import { BadInput } from '../../kit/errors.ts';
import type { Service } from './platforms.ts';

/** What pages hang on a link to see where a visitor came from: two links that differ by it alone are one. */
const TRACKING = /^(utm_\w+|ref|ref_|fbclid|gclid|igshid|si|trackid|trkid|tctx|feature|cmp)$/i;

/** The link as it is kept, so that the same page told twice is one. BadInput where it is no https page of the service. */
export function linkUrl(service: Service, text: string): string {
  const url = URL.parse(text.trim());
  if (url === null || url.protocol !== 'https:') throw refused('needs an address that begins with https://');
  if (url.username !== '' || url.password !== '') throw refused('may not hold a name or a password');
  if (url.port !== '') throw refused('may not name a port');
  const host = url.hostname.replace(/\.$/, '');
  if (!service.hosts.some((known) => host === known || host.endsWith(`.${known}`)))
    throw refused(`is not a page of ${service.name}, whose pages are at ${service.hosts.join(', ')}`);
  url.hostname = host;
  url.hash = '';
  for (const name of [...url.searchParams.keys()]) if (TRACKING.test(name)) url.searchParams.delete(name);
  return url.href;
}

function refused(message: string): BadInput {
  return new BadInput('deep_links.bad_url', `The link ${message}.`, [{ path: 'url', message }]);
}
