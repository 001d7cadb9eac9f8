export { type Admin, createAdmin } from './admin.ts';
export { accountRoutes } from './routes.ts';
