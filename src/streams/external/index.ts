import { z } from 'zod';
import { parseInput } from '../../platform/http-input.ts';
import type { StreamKind } from '../kind.ts';
import { NOTHING_INSIDE, streamIdsOf, targetsOf } from '../listing.ts';
import { resourceKey } from '../resource.ts';
import { offeredExternal, saveExternalRow, streamOfPage } from './queries.ts';

/** Schemes that run code or read files where the link is opened. Every other may be an app's own (`netflix:`, `spotify:`). */
const DANGEROUS_SCHEME =
  /^(javascript|vbscript|data|file|blob|filesystem|about|view-source|jar|content|resource|chrome.*|ms-.*|intent):$/;

/** Normalised, so that `JaVa\tscript:` is judged as what a browser makes of it. */
const SafeUrl = z
  .string()
  .max(8192)
  .refine((text) => URL.canParse(text), 'is not a URL')
  .transform((text) => new URL(text).href)
  .refine((href) => !DANGEROUS_SCHEME.test(new URL(href).protocol), 'has a scheme that may not be linked')
  .refine((href) => href.length <= 8192, 'is too long');

const ExternalInput = z.object({
  url: SafeUrl,
  service: z.string().trim().min(1).max(100).default('web'),
  region: z
    .string()
    .regex(/^[A-Z]{2}$/, 'is not a country code such as US')
    .optional(),
  deepLink: SafeUrl.optional(),
});
const ExternalDetail = z.object({
  url: z.string(),
  service: z.string(),
  region: z.string().nullable(),
  deepLink: z.string().nullable(),
});

/** Pages and apps of other services: a link to open, nothing of it passes through here. */
export function externalKind(): StreamKind {
  return {
    kind: 'external',
    parse(input) {
      const { region = null, deepLink = null, ...rest } = parseInput(ExternalInput, input, 'The link');
      return { ...rest, region, deepLink };
    },
    describe: async () => NOTHING_INSIDE,
    resource(detail) {
      const { service, url } = ExternalDetail.parse(detail);
      return resourceKey('external', `${service}\n${url}`);
    },
    async find(db, detail) {
      const { service, url } = ExternalDetail.parse(detail);
      return await streamOfPage(db, service, url);
    },
    save: (db, streamId, detail) => saveExternalRow(db, { streamId, ...ExternalDetail.parse(detail) }),
    async targets(db, refs) {
      const rows = await offeredExternal(db, streamIdsOf(refs));
      return targetsOf(refs, rows, ({ url, service }) => ({ via: 'external', url, service }));
    },
  };
}
