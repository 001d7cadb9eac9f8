export { appendItems } from './queries.ts';
export { setCatalogItems } from './set-catalog-items.ts';
