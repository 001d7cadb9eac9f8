/** As people call it: "Firefox on Android". */
export function deviceOf(agent: string | null): string {
  if (agent === null) return 'An app without a name';
  const browser = /(Edg|OPR|Firefox|Chrome|Safari)\//.exec(agent)?.[1];
  const system = /(Android|iPhone|iPad|Windows|Mac OS X|CrOS|Linux)/.exec(agent)?.[1];
  if (browser === undefined) return agent.slice(0, 60);
  const names: Record<string, string> = {
    Edg: 'Edge',
    OPR: 'Opera',
    'Mac OS X': 'Mac',
    CrOS: 'a Chromebook',
  };
  const where = system === undefined ? '' : ` on ${names[system] ?? system}`;
  return `${names[browser] ?? browser}${where}`;
}
