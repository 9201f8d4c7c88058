-- The instant that answers are given as of (every reading command).
SELECT t FROM instant
