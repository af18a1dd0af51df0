-- no-transaction
PRAGMA journal_mode = WAL;
CREATE INDEX orders_by_customer ON orders (customer);
