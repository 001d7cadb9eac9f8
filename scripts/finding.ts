/** What `npm run doctor` says of one thing; `mend`: it does not work as it is. */
export type Finding = { name: string; state: 'ok' | 'note' | 'mend'; text: string };
