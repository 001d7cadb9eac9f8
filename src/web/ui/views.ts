import { useSyncExternalStore } from 'react';

/** The views, by the hash of the address, with their names. */
export const VIEWS = { home: 'Home', live: 'Live', health: 'Health', settings: 'Settings' } as const;
export type View = keyof typeof VIEWS;

export function useView(): View {
  const hash = useSyncExternalStore(subscribe, () => window.location.hash);
  const name = hash.slice(1);
  return name === 'live' || name === 'health' || name === 'settings' ? name : 'home';
}

export function hrefOf(view: View): string {
  return `#${view}`;
}

function subscribe(onChange: () => void): () => void {
  window.addEventListener('hashchange', onChange);
  return () => window.removeEventListener('hashchange', onChange);
}
