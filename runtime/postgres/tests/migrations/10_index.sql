-- no-transaction
CREATE INDEX CONCURRENTLY customers_by_name ON customers (name);
CREATE INDEX CONCURRENTLY orders_by_customer ON orders (customer);
