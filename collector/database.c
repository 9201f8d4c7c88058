/* Which URI a role has, in one place. */
#include "collector/database.h"

#include "base/log.h"
#include "collector/user.h"
#include "schema/embedded/store_embedded.h"

#include <string.h>

enum {
    CONNECT_S = 2, /* the daemon asks now and then, and must not stand still for it */
};

static const char *
configured(const struct settings *s, enum store_role role)
{
    const char *own = NULL;

    switch (role) {
    case STORE_OWNER:
        own = s->database.owner_uri;
        break;
    case STORE_REPARSE:
        own = s->database.reparse_uri;
        break;
    case STORE_READER:
        own = s->database.reader_uri;
        break;
    case STORE_COLLECTOR:
    case STORE_ROLES:
        break;
    }
    return own != NULL ? own : s->database.uri;
}

/* A migration may take minutes, in which nothing else is to be seen. */
static void
say(void *ctx, const char *line)
{
    static const char migration[] = "migration ";

    (void)ctx;
    if (strncmp(line, migration, sizeof migration - 1) == 0)
        log_info("migrating", LOG_S("to", line + sizeof migration - 1));
}

static bool
open_embedded(const struct settings *s, enum store_role role, struct database *out,
              struct err *e)
{
    struct buf owner;
    bool ok;

    if (!user_become(s, e))
        return false;
    buf_init(&owner, 0);
    if (!embedded_uri(s->state_dir, STORE_OWNER, &owner) ||
        !embedded_uri(s->state_dir, role, &out->uri))
        ok = err_nomem(e);
    else
        ok = embedded_start(s->state_dir, &out->embedded, e) &&
             store_migrate(owner.bytes, say, NULL, e);
    buf_clear(&owner);
    return ok;
}

bool
database_open(const struct settings *s, enum store_role role, struct database *out,
              struct err *e)
{
    const char *uri = configured(s, role);
    bool ok;

    *out = (struct database){0};
    buf_init(&out->uri, 0);
    if (uri == NULL)
        ok = open_embedded(s, role, out, e);
    else
        ok = buf_puts(&out->uri, uri) || err_nomem(e);
    if (!ok)
        database_close(out);
    return ok;
}

void
database_close(struct database *db)
{
    embedded_close(db->embedded);
    db->embedded = NULL;
    buf_clear(&db->uri);
}

bool
database_durability(const char *uri, store_row_fn *row, void *ctx, struct err *e)
{
    struct store *s;
    bool ok = store_open_within(uri, STORE_COLLECTOR, CONNECT_S, &s, e) &&
              store_durability(s, row, ctx, e);

    store_close(s);
    return ok;
}

struct store_limits
database_limits(const struct settings *s)
{
    return (struct store_limits){
        .quarantine_days = s->quarantine.max_days,
        .quarantine_bytes = s->quarantine.max_bytes,
        .quarantine_source_bytes =
            s->quarantine.max_bytes / 100 * s->quarantine.max_source_percent,
        .claim_bytes = s->unverified.max_bytes,
        .claim_source_bytes = s->unverified.max_per_network,
        .claim_days = s->unverified.days,
        .metric_domains = s->metrics.max_domains,
        .metric_senders = s->metrics.max_senders,
        .raw_days = s->retention.raw_days,
        .report_days = s->retention.report_days,
    };
}
