import { z } from 'zod';
import { size, text } from './config-values.ts';

const MIB = 1024 * 1024;

/** Those of Usenet; a part of `Env`. */
export const USENET_SETTINGS = {
  USENET_PROVIDERS: text()
    .max(256 * 1024)
    .optional()
    .describe(
      'Usenet providers: a JSON array of `{"host","port","tls","username","password","connections","priority","backup","name"}`, or the path of a file with one. Nothing is read from Usenet when absent.',
    ),
  USENET_CACHE_MAX_BYTES: size()
    .pipe(
      z
        .number()
        .min(0)
        .max(64 * 1024 * 1024 * MIB),
    )
    .default(2048 * MIB)
    .describe('How many decoded articles are kept on disk, such as `10G`; 0 keeps none there.'),
};
