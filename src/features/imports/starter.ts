import { fileURLToPath } from 'node:url';

/** The openly licensed films that come with Tributary. */
export const STARTER_FILE = fileURLToPath(
  new URL('../../../scripts/starter/catalogue.json', import.meta.url),
);
