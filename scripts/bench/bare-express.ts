/** The yardstick: Express 5 answering one ready JSON text, in a process of its own. Usage: node bare-express.ts PORT FILE */
import { readFileSync } from 'node:fs';
import express from 'express';

const [port = '0', file = ''] = process.argv.slice(2);
const body: unknown = JSON.parse(readFileSync(file, 'utf8'));
const app = express();
app.get('/page.json', (_req, res) => {
  res.json(body);
});
app.listen(Number(port), '127.0.0.1');
