import { useSyncExternalStore } from 'react';

/** The views, by the hash of the address, with their names. */
export const VIEWS = {
  home: 'Home',
  live: 'Live',
  review: 'Review',
  reports: 'Reports',
  finders: 'Finders',
  sources: 'Sources',
  torrents: 'Torrents',
  trackers: 'Trackers',
  usenet: 'Usenet',
  health: 'Health',
  settings: 'Settings',
  family: 'Family',
  devices: 'Devices',
  history: 'History and lists',
  own: 'Titles of your own',
  pair: 'Pair this device',
  account: 'Account',
  audit: 'Log of changes',
  reset: 'A new password',
  verify: 'Your address',
} as const;
export type View = keyof typeof VIEWS;

export function useView(): View {
  const hash = useSyncExternalStore(subscribe, () => window.location.hash);
  // What comes after a slash is the view's own business.
  const [name = ''] = hash.slice(1).split('/');
  return isView(name) ? name : 'home';
}

function isView(name: string): name is View {
  return Object.hasOwn(VIEWS, name);
}

export function hrefOf(view: View): string {
  return `#${view}`;
}

function subscribe(onChange: () => void): () => void {
  window.addEventListener('hashchange', onChange);
  return () => window.removeEventListener('hashchange', onChange);
}
