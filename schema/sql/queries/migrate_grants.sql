-- What each role may, for those that exist (tlsrptd migrate). A collector adds rows and reads none.
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['tlsrpt_collector', 'tlsrpt_reparse', 'tlsrpt_reader'] LOOP
        CONTINUE WHEN NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role);
        EXECUTE format('GRANT USAGE ON SCHEMA tlsrpt TO %I', role);
        EXECUTE format('GRANT EXECUTE ON FUNCTION tlsrpt.program_fit() TO %I', role);
        IF role = 'tlsrpt_reader' THEN
            EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA tlsrpt TO %I', role);
            EXECUTE format('GRANT EXECUTE ON FUNCTION tlsrpt.lag_bound(bigint),
                                tlsrpt.superseded(text, date, bytea, smallint) TO %I', role);
            CONTINUE;
        END IF;
        EXECUTE format('GRANT INSERT ON tlsrpt.believed_policy, tlsrpt.believed_report, tlsrpt.believed_raw,
                            tlsrpt.claimed_policy, tlsrpt.claimed_report, tlsrpt.claimed_raw, tlsrpt.quarantine,
                            tlsrpt.tally, tlsrpt.intake_count TO %I', role);
        EXECUTE format('GRANT EXECUTE ON FUNCTION tlsrpt.ensure_month(date), tlsrpt.ensure_quarantine_day(date),
                            tlsrpt.in_quarantine(bytea), tlsrpt.fold_totals(bigint, bigint), tlsrpt.pruned_before(),
                            tlsrpt.find_believed(text[], date[], bytea[], smallint[], bytea[], bytea[], date, date),
                            tlsrpt.charge_claims(text[], bigint[]),
                            tlsrpt.find_claimed(text[], date[], bytea[], bytea[], bytea[], bytea[], date, date),
                            tlsrpt.note_conflict(text, date, bytea, smallint, bytea, bytea, timestamptz, smallint, text)
                        TO %I', role);
        IF role = 'tlsrpt_reparse' THEN
            EXECUTE format('GRANT SELECT ON tlsrpt.quarantine, tlsrpt.pruned TO %I', role);
            EXECUTE format('GRANT SELECT, INSERT ON tlsrpt.reparsed TO %I', role);
        END IF;
    END LOOP;
END
$$
