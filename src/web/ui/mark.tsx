/** The mark: a stream joining a river. The same drawing as `mark.svg` (the icon of the tab). */
export function Mark({ size = 32 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="9" fill="var(--tb-mark)" />
      <g fill="none" stroke="#fff" strokeLinecap="round">
        <path d="M11 5.5c0 8.5 0 13 0 21" strokeWidth="4.2" />
        <path d="M23.5 8c0 6.5-3.5 8.2-6.8 10.2S11.8 22.5 11 26" strokeWidth="2.8" strokeOpacity="0.85" />
      </g>
    </svg>
  );
}

/** Behind the hero: streams from the right run into one river. Decoration only. */
export function RiverBackdrop() {
  return (
    <svg
      className="tb-river"
      viewBox="0 0 1200 560"
      preserveAspectRatio="xMaxYMin slice"
      aria-hidden="true"
      focusable="false"
    >
      {/* One group, one opacity: where streams meet nothing gets darker. */}
      <g fill="none" stroke="currentColor" strokeLinecap="round" opacity="0.15">
        <path d="M1260 -10C1150 50 1010 90 930 170S740 330 700 600" strokeWidth="40" />
        <path d="M960 -30C975 40 968 90 925 176" strokeWidth="13" />
        <path d="M730 -30C760 60 830 130 838 262" strokeWidth="10" />
        <path d="M1260 150C1130 140 1040 150 952 152" strokeWidth="11" />
        <path d="M1260 330C1090 260 950 250 842 268" strokeWidth="15" />
        <path d="M1110 -30C1105 15 1090 40 1062 82" strokeWidth="8" />
      </g>
      <path
        d="M1260 -10C1150 50 1010 90 930 170S740 330 700 600"
        fill="none"
        stroke="currentColor"
        strokeWidth="18"
        opacity="0.1"
      />
    </svg>
  );
}
