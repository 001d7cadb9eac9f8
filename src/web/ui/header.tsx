import { ActionIcon, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import type { Health } from './api.ts';
import {
  FamilyIcon,
  FlagIcon,
  FlowIcon,
  HomeIcon,
  MagnetIcon,
  MastIcon,
  MoonIcon,
  MoreIcon,
  NewsIcon,
  PersonIcon,
  PulseIcon,
  QuestionIcon,
  ScreenIcon,
  SearchIcon,
  ServerIcon,
  SlidersIcon,
  SunIcon,
} from './icons.tsx';
import { Mark } from './mark.tsx';
import type { Polled } from './polling.ts';
import { hrefOf, VIEWS, type View } from './views.ts';

const ICONS: Record<
  Exclude<View, 'account' | 'audit' | 'history' | 'own' | 'pair' | 'reset' | 'verify'>,
  typeof HomeIcon
> = {
  home: HomeIcon,
  live: FlowIcon,
  review: QuestionIcon,
  reports: FlagIcon,
  finders: SearchIcon,
  sources: ServerIcon,
  torrents: MagnetIcon,
  trackers: MastIcon,
  usenet: NewsIcon,
  family: FamilyIcon,
  devices: ScreenIcon,
  health: PulseIcon,
  settings: SlidersIcon,
};
/** A phone's bar has room for these and a menu. */
type Entered = keyof typeof ICONS;
const FIRST: readonly Entered[] = ['home', 'live', 'review', 'health'];
const ENTRIES: readonly Entered[] = [
  'home',
  'live',
  'review',
  'reports',
  'finders',
  'sources',
  'torrents',
  'trackers',
  'usenet',
  'family',
  'devices',
  'health',
  'settings',
];

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
          {ENTRIES.map((entry) => (
            <Entry key={entry} {...{ entry, view, health }} isFirst={FIRST.includes(entry)} />
          ))}
          <MoreEntries key={view} view={view} health={health} />
        </nav>
        <ActionIcon
          component="a"
          href={hrefOf('account')}
          variant="subtle"
          color="gray"
          size={40}
          aria-label="Account"
          aria-current={view === 'account' ? 'page' : undefined}
        >
          <PersonIcon size={20} />
        </ActionIcon>
        <SchemeToggle />
      </div>
    </header>
  );
}

type EntryProps = HeaderProps & { entry: Entered; isFirst?: boolean };

function Entry({ entry, view, health, isFirst = true }: EntryProps) {
  const Icon = ICONS[entry];
  return (
    <a
      href={hrefOf(entry)}
      aria-current={entry === view ? 'page' : undefined}
      data-place={isFirst ? 'first' : 'later'}
    >
      <span className="tb-nav-icon">
        <Icon size={20} />
        {entry === 'health' && <HealthDot health={health} />}
      </span>
      {VIEWS[entry]}
    </a>
  );
}

/** The other entries, on a phone; closed again by going to one. */
function MoreEntries({ view, health }: HeaderProps) {
  const others = ENTRIES.filter((entry) => !FIRST.includes(entry));
  return (
    <details className="tb-more" data-current={others.some((entry) => entry === view)}>
      <summary>
        <MoreIcon size={20} />
        More
      </summary>
      <div className="tb-card">
        {others.map((entry) => (
          <Entry key={entry} {...{ entry, view, health }} />
        ))}
      </div>
    </details>
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
