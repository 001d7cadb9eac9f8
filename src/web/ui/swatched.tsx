/** A name with its colour in the plots, as the theme calls it; undefined: it is in none. */
export function Swatched({ name, color }: { name: string; color: string | undefined }) {
  return (
    <>
      {color !== undefined && <span className="tb-swatch" style={{ background: colorVar(color) }} />}
      {name}
    </>
  );
}

/** `indigo.5` as CSS says it. */
function colorVar(color: string): string {
  return `var(--mantine-color-${color.replace('.', '-')})`;
}
