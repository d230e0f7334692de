-- Who the bank's web site says the customer is: its own opaque word, whose signature was checked. NULL: nobody said.
ALTER TABLE sessions ADD COLUMN customer_reference TEXT;
