/** `Authorization: Basic` (RFC 7617), in UTF-8. */
export function basicAuthorization(username: string, password: string | null): string {
  return `Basic ${Buffer.from(`${username}:${password ?? ''}`, 'utf8').toString('base64')}`;
}
