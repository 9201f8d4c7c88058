-- Mailboxes that collectors fetch reports from (IMAP): how far each was, so that nothing in it need be changed to
-- know what is new, and what keeps it from being looked through. A small table that only the functions below write
-- to; a collector may ask them for one mailbox whose name it knows, and read no more.

CREATE TABLE mailbox (
    place       text COLLATE "C" PRIMARY KEY, -- user@host:port/folder
    name        text NOT NULL DEFAULT '',     -- the section of the configuration
    uidvalidity bigint NOT NULL DEFAULT 0,    -- of the UIDs below
    uid_done    bigint NOT NULL DEFAULT 0,    -- up to here all are dealt with
    again       bigint[] NOT NULL DEFAULT '{}', -- but for these
    told        timestamptz NOT NULL DEFAULT now(), -- the last look, whatever came of it
    looked      timestamptz,                  -- the last that came to its end
    failing     timestamptz,                  -- since then none did; null: it works
    fault       text                          -- why
);

CREATE FUNCTION mailbox_get(in_place text, OUT uidvalidity bigint, OUT uid_done bigint, OUT again bigint[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT m.uidvalidity, m.uid_done, m.again FROM tlsrpt.mailbox m WHERE m.place = in_place
$$;

CREATE FUNCTION mailbox_put(in_place text, in_validity bigint, in_done bigint, in_again bigint[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO tlsrpt.mailbox (place, uidvalidity, uid_done, again)
    VALUES (in_place, in_validity, in_done, in_again)
    ON CONFLICT (place) DO UPDATE
    SET uidvalidity = in_validity, uid_done = in_done, again = in_again, told = now()
$$;

-- in_fault null: it works.
CREATE FUNCTION mailbox_tell(in_place text, in_name text, in_fault text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO tlsrpt.mailbox AS m (place, name, looked, failing, fault)
    VALUES (in_place, in_name, CASE WHEN in_fault IS NULL THEN now() END,
            CASE WHEN in_fault IS NOT NULL THEN now() END, in_fault)
    ON CONFLICT (place) DO UPDATE
    SET name = in_name, told = now(), looked = coalesce(excluded.looked, m.looked), fault = in_fault,
        failing = CASE WHEN in_fault IS NOT NULL THEN coalesce(m.failing, now()) END
$$;

REVOKE ALL ON FUNCTION mailbox_get(text), mailbox_put(text, bigint, bigint, bigint[]), mailbox_tell(text, text, text)
FROM PUBLIC;
