/** Left where a session was begun, so that a stranger's page does not ask to go on with one. Holds no secret. */
const MARK = 'tributary-signed-in';
/** Long enough for the other tab's cookie to be here. */
const OVERTAKEN_MS = 300;

let going: Promise<boolean> | null = null;

export function markSignedIn(isSignedIn: boolean): void {
  if (isSignedIn) localStorage.setItem(MARK, '1');
  else localStorage.removeItem(MARK);
}

/** Trades the refresh cookie for the next one after an access cookie ended (15 min). True: what was refused may be asked again. */
export function goOn(): Promise<boolean> {
  going ??= trade().finally(() => {
    going = null;
  });
  return going;
}

async function trade(): Promise<boolean> {
  if (localStorage.getItem(MARK) === null) return false;
  const answer = await fetch('/api/auth/refresh', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    credentials: 'same-origin',
    body: '{}',
  }).catch(() => null);
  // Another tab was faster.
  if (answer?.status === 409) await new Promise((resolve) => setTimeout(resolve, OVERTAKEN_MS));
  if (answer?.status === 401 || answer?.status === 403) markSignedIn(false);
  return answer?.ok === true || answer?.status === 409;
}
