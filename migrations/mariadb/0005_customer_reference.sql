-- Who the bank's web site says the customer is: its own opaque word, whose signature was checked. NULL: nobody said.
-- VARBINARY, so that it is read back exactly.
ALTER TABLE sessions ADD COLUMN customer_reference VARBINARY(1024);
