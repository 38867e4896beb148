// A Vendure shop on loopback, with API keys let in. The database's file is in DB, the port in PORT.
import { bootstrap, DefaultJobQueuePlugin, DefaultSearchPlugin, dummyPaymentHandler, JobQueueService } from '@vendure/core';

const port = Number(process.env.PORT);
const app = await bootstrap({
  apiOptions: { hostname: '127.0.0.1', port, adminApiPath: 'admin-api', shopApiPath: 'shop-api' },
  authOptions: {
    tokenMethod: ['bearer', 'api-key'],
    superadminCredentials: { identifier: 'superadmin', password: process.env.SUPERADMIN },
  },
  dbConnectionOptions: { type: 'better-sqlite3', synchronize: true, logging: false, database: process.env.DB },
  paymentOptions: { paymentMethodHandlers: [dummyPaymentHandler] },
  plugins: [DefaultJobQueuePlugin.init({ useDatabaseForBuffer: true }), DefaultSearchPlugin.init({ bufferUpdates: false })],
});
await app.get(JobQueueService).start();
console.log(`serving on ${port}`);
