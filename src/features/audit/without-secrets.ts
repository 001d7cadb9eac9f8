const HIDDEN = '(hidden)';
/** Of fields that hold a secret, or a hash of one: whoever writes a line is not to have to think of it. */
const SECRET = /(password|passphrase|secret|token|hash|sealed|api_?key|secret_?key|\bpin)$/i;

/** A copy in which texts that are secrets by the name of their field, and passwords in URLs, are hidden. */
export function withoutSecrets(state: object): object {
  return cleaned(state) as object;
}

/** Whether something was hidden in it: it is not what it was. */
export function isCut(state: object): boolean {
  return JSON.stringify(state).includes(HIDDEN);
}

function cleaned(value: unknown): unknown {
  if (typeof value === 'string') return withoutUserInfo(value);
  if (Array.isArray(value)) return value.map(cleaned);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, isSecret(key, inner) ? HIDDEN : cleaned(inner)]),
  );
}

/** That there is one, yes or no, is no secret. */
function isSecret(key: string, value: unknown): boolean {
  return value !== null && value !== undefined && typeof value !== 'boolean' && SECRET.test(key);
}

function withoutUserInfo(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, `$1${HIDDEN}@`);
}
