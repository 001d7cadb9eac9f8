export { setCatalogItems } from './set-catalog-items.ts';
