-- For the pages: the list of reports, latest arrival first, read a page at a time.
CREATE INDEX report_received ON report (received) WHERE first;
