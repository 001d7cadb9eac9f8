import { useSyncExternalStore } from 'react';

/** The three views, by the hash of the address, with their names. */
export const VIEWS = { home: 'Home', health: 'Health', settings: 'Settings' } as const;
export type View = keyof typeof VIEWS;

export function useView(): View {
  const hash = useSyncExternalStore(subscribe, () => window.location.hash);
  return hash === '#health' ? 'health' : hash === '#settings' ? 'settings' : 'home';
}

export function hrefOf(view: View): string {
  return `#${view}`;
}

function subscribe(onChange: () => void): () => void {
  window.addEventListener('hashchange', onChange);
  return () => window.removeEventListener('hashchange', onChange);
}
