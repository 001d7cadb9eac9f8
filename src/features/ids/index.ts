export { type ListResult, replaceList } from './replace-list.ts';
