import { z } from 'zod';
import type { Provider } from './provider.ts';

const MAX_PROVIDERS = 50;
const MAX_CONNECTIONS = 500;
/** A line end in a login would be a command of its own (RFC 4643 §2.3). */
const CONTROL = /\p{Cc}/u;

const Login = z
  .string('must be text')
  .min(1, 'must not be empty')
  .max(400, 'is too long')
  .refine((value) => !CONTROL.test(value), 'must not hold line ends or other control characters');

const Entry = z
  .strictObject({
    name: z.string('must be text').trim().min(1, 'must not be empty').max(100, 'is too long'),
    host: z
      .string('must be a host name or an address')
      .trim()
      .regex(/^[^\s/@]{1,253}$/, 'must be a host name or an address, without a scheme, a port or a path'),
    port: z.int('must be a port').min(1, 'must be a port').max(65535, 'must be a port'),
    tls: z.boolean('must be true or false'),
    username: Login.optional(),
    password: Login.optional(),
    connections: z
      .int('must be a whole number')
      .min(1, 'must be at least 1')
      .max(MAX_CONNECTIONS, `must be ${MAX_CONNECTIONS} at most`),
    priority: z.int('must be a whole number').min(0, 'must not be negative').default(0),
    backup: z.boolean('must be true or false').default(false),
    tlsCa: z.string('must be PEM or the path of a file').min(1, 'must not be empty').optional(),
  })
  .refine(({ username, password }) => (username === undefined) === (password === undefined), {
    path: ['password'],
    message: 'username and password are needed both or not at all',
  })
  .refine(({ tls, tlsCa }) => tls || tlsCa === undefined, { path: ['tlsCa'], message: 'needs tls' });

/** USENET_PROVIDERS cannot be used; the message names the entry and the field, and shows no value. */
export class BadProviders extends Error {}

/**
 * What USENET_PROVIDERS says: a JSON array, or the path of a file that holds one. Empty text: no providers. Throws BadProviders with all
 * that is wrong, a line each.
 */
export function parseProviders(text: string, readFile: (path: string) => string): Provider[] {
  const trimmed = text.trim();
  if (trimmed === '') return [];
  const isJson = /^[[{]/.test(trimmed);
  const listed = jsonOf(isJson ? trimmed : contentOf(trimmed, 'USENET_PROVIDERS', readFile));
  if (!Array.isArray(listed)) throw new BadProviders('USENET_PROVIDERS must be a JSON array of providers');
  if (listed.length > MAX_PROVIDERS)
    throw new BadProviders(`USENET_PROVIDERS names more than ${MAX_PROVIDERS} providers`);
  const problems: string[] = [];
  const providers: Provider[] = [];
  const names = new Set<string>();
  for (const [index, one] of listed.entries()) {
    const parsed = Entry.safeParse(one);
    if (!parsed.success) {
      problems.push(...parsed.error.issues.map((issue) => problemOf(index, one, issue)));
      continue;
    }
    const { name } = parsed.data;
    if (names.has(name)) problems.push(`${labelOf(index, one)}: name: another provider has it too`);
    names.add(name);
    providers.push(providerOf(parsed.data, labelOf(index, one), readFile, problems));
  }
  if (problems.length > 0) throw new BadProviders(problems.join('\n'));
  return providers;
}

function providerOf(
  { username, password, tlsCa, ...rest }: z.infer<typeof Entry>,
  label: string,
  readFile: (path: string) => string,
  problems: string[],
): Provider {
  const login = { username: username ?? null, password: password ?? null };
  const provider: Provider = { ...rest, ...login, tlsCa: null };
  if (tlsCa === undefined) return provider;
  try {
    return { ...provider, tlsCa: certificateOf(tlsCa, label, readFile) };
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
    return provider;
  }
}

function certificateOf(written: string, label: string, readFile: (path: string) => string): string {
  const isPem = (text: string) => text.includes('-----BEGIN CERTIFICATE-----');
  const pem = isPem(written) ? written : contentOf(written, `${label}: tlsCa`, readFile);
  if (!isPem(pem)) throw new BadProviders(`${label}: tlsCa: holds no PEM certificate`);
  return pem;
}

function contentOf(path: string, of: string, readFile: (path: string) => string): string {
  try {
    return readFile(path);
  } catch (cause) {
    // The text itself is not repeated: it may be a list with a mistake before its bracket, passwords and all.
    throw new BadProviders(`${of}: the file cannot be read`, { cause });
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's words repeat a piece of the text.
    throw new BadProviders('USENET_PROVIDERS is not valid JSON');
  }
}

function problemOf(index: number, entry: unknown, issue: z.core.$ZodIssue): string {
  const field = issue.path.join('.');
  const message =
    issue.code === 'unrecognized_keys' ? 'a field that is not known' : missingOr(entry, field, issue.message);
  return [labelOf(index, entry), field, message].filter((part) => part !== '').join(': ');
}

function missingOr(entry: unknown, field: string, message: string): string {
  const isObject = typeof entry === 'object' && entry !== null && !Array.isArray(entry);
  if (!isObject) return 'must be an object';
  return field !== '' && !(field in entry) && !message.includes('needed') ? 'is missing' : message;
}

function labelOf(index: number, entry: unknown): string {
  const named = z.object({ name: z.string().min(1).max(100) }).safeParse(entry);
  return `provider ${index + 1}${named.success ? ` (${named.data.name})` : ''}`;
}
