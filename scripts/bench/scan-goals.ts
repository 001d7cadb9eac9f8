/** In the column `met` of a row that has a goal; `npm run bench` ends with 1 where one is `no`. */
export function metOf(isMet: boolean): 'yes' | 'no' {
  return isMet ? 'yes' : 'no';
}
