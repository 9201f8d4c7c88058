#!/bin/bash
# Run by the postgres image when it makes its database: the roles by which tlsrptd and tlsrpt come in,
# with their passwords. `tlsrptd migrate` grants what each may do.
set -euo pipefail
psql -v ON_ERROR_STOP=1 -v collector="$COLLECTOR_PASSWORD" -v reader="$READER_PASSWORD" \
    --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
CREATE ROLE tlsrpt_collector LOGIN PASSWORD :'collector';
CREATE ROLE tlsrpt_reader LOGIN PASSWORD :'reader';
SQL
