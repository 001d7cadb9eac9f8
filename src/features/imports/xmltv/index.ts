export { importGuide } from './import-guide.ts';
