import { createTheme } from '@mantine/core';

/** River water, dark to light; white text on 8 passes WCAG AA (5.3 : 1). */
export const theme = createTheme({
  colors: {
    river: [
      '#eaf7f8',
      '#d3ebee',
      '#a6d7dc',
      '#75c3cb',
      '#4fb3bd',
      '#36a9b4',
      '#1f98a5',
      '#0c8794',
      '#067784',
      '#005d68',
    ],
    dark: [
      '#dbe5e7',
      '#b9c7ca',
      '#95a6aa',
      '#6f8287',
      '#38494e',
      '#2b3b40',
      '#1b292d',
      '#0d171a',
      '#091113',
      '#060c0e',
    ],
  },
  primaryColor: 'river',
  primaryShade: 8,
  respectReducedMotion: true,
  defaultRadius: 'md',
  cursorType: 'pointer',
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif",
  fontFamilyMonospace: "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace",
  headings: {
    fontWeight: '700',
    sizes: { h1: { lineHeight: '1.12' }, h2: { fontSize: '1.375rem' }, h3: { fontSize: '1.0625rem' } },
  },
});
