import { z } from 'zod';
import type { Provider } from './provider.ts';

const MAX_PROVIDERS = 20;
/** Ports of NNTPS and NNTP. */
const [TLS_PORT, PLAIN_PORT] = [563, 119];

const Text = z.string().trim().min(1);
const Entry = z.strictObject({
  name: Text.max(100).optional(),
  host: Text.max(253).regex(
    /^[A-Za-z0-9]([A-Za-z0-9.:-]*[A-Za-z0-9])?$/,
    'must be a host name or an address',
  ),
  port: z.int().min(1).max(65_535).optional(),
  tls: z.boolean().default(true),
  username: Text.max(500).nullable().default(null),
  password: z.string().min(1).max(500).nullable().default(null),
  connections: z.int().min(1).max(500).default(8),
  priority: z.int().min(0).max(1000).default(0),
  backup: z.boolean().default(false),
  /** Path of a PEM file. */
  tlsCa: Text.nullable().default(null),
});
const Entries = z
  .array(Entry)
  .max(MAX_PROVIDERS)
  .refine(
    (entries) => new Set(entries.map(nameOf)).size === entries.length,
    'every provider needs a name of its own',
  );

const nameOf = ({ name, host }: { name?: string | undefined; host: string }) => name ?? host;

/**
 * USENET_PROVIDERS: a JSON array of providers, or the path of a file with one. Throws Error whose message names what is wrong by its
 * place and never a value.
 */
export function parseProviders(text: string, readFile: (path: string) => string): Provider[] {
  const trimmed = text.trim();
  if (trimmed === '') return [];
  const json = trimmed.startsWith('[') ? trimmed : readText(trimmed, readFile, 'its file');
  const parsed = Entries.safeParse(valueIn(json));
  if (!parsed.success)
    throw new Error(
      parsed.error.issues
        .map(({ path, message }) => [path.join('.'), message].filter(Boolean).join(': '))
        .join('; '),
    );
  return parsed.data.map(({ port, tlsCa, ...entry }) => ({
    ...entry,
    name: nameOf(entry),
    host: entry.host.toLowerCase(),
    port: port ?? (entry.tls ? TLS_PORT : PLAIN_PORT),
    tlsCa: tlsCa === null ? null : readText(tlsCa, readFile, 'a tlsCa'),
  }));
}

function readText(path: string, readFile: (path: string) => string, what: string): string {
  try {
    return readFile(path);
  } catch (cause) {
    throw new Error(`${what} cannot be read`, { cause });
  }
}

function valueIn(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    // The parser's own message quotes the text.
    throw new Error('needs a JSON array, or the path of a file with one');
  }
}
