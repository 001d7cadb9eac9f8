import { ActionIcon, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import type { Health } from './api.ts';
import {
  FlowIcon,
  HomeIcon,
  MagnetIcon,
  MastIcon,
  MoonIcon,
  NewsIcon,
  PulseIcon,
  SlidersIcon,
  SunIcon,
} from './icons.tsx';
import { Mark } from './mark.tsx';
import type { Polled } from './polling.ts';
import { hrefOf, VIEWS, type View } from './views.ts';

const ICONS = {
  home: HomeIcon,
  live: FlowIcon,
  torrents: MagnetIcon,
  trackers: MastIcon,
  usenet: NewsIcon,
  health: PulseIcon,
  settings: SlidersIcon,
};
const ENTRIES: readonly View[] = ['home', 'live', 'torrents', 'trackers', 'usenet', 'health', 'settings'];

type HeaderProps = { view: View; health: Polled<Health> };

/** Top bar; on a phone the views move to a bar at the bottom (page.css). */
export function Header({ view, health }: HeaderProps) {
  return (
    <header className="tb-header">
      <div className="tb-header-inner">
        <a className="tb-brand" href={hrefOf('home')} aria-label="Tributary, home">
          <Mark size={30} />
          <span>Tributary</span>
        </a>
        <nav className="tb-nav" aria-label="Views">
          {ENTRIES.map((entry) => {
            const Icon = ICONS[entry];
            return (
              <a key={entry} href={hrefOf(entry)} aria-current={entry === view ? 'page' : undefined}>
                <span className="tb-nav-icon">
                  <Icon size={20} />
                  {entry === 'health' && <HealthDot health={health} />}
                </span>
                {VIEWS[entry]}
              </a>
            );
          })}
        </nav>
        <SchemeToggle />
      </div>
    </header>
  );
}

function HealthDot({ health }: { health: Polled<Health> }) {
  const state = health.error ? 'unreachable' : health.data?.status;
  if (state === undefined) return null;
  const meaning = {
    ok: 'all is well',
    degraded: 'something needs attention',
    unreachable: 'the server does not answer',
  };
  return (
    <span
      className="tb-dot"
      data-state={state}
      role="img"
      aria-label={meaning[state]}
      title={meaning[state]}
    />
  );
}

function SchemeToggle() {
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme('light');
  const other = scheme === 'light' ? 'dark' : 'light';
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size={40}
      aria-label={`Switch to the ${other} scheme`}
      onClick={() => setColorScheme(other)}
    >
      {scheme === 'light' ? <MoonIcon size={20} /> : <SunIcon size={20} />}
    </ActionIcon>
  );
}
