/* Reads the quarantine with today's decoder: what an earlier version could not
 * understand, and mail whose key DNS would not tell. Under a role of its own, so that
 * hostile bytes never meet the rights of the owner. */
#include "base/text.h"
#include "collector/command.h"
#include "collector/database.h"
#include "collector/intake/bundle.h"
#include "collector/intake/mail_intake.h"
#include "collector/intake/stats.h"
#include "collector/ledger.h"
#include "schema/store/store.h"
#include "schema/wire/inflate.h"

#include "schema_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

enum {
    COLUMNS = 8,
};

struct reparse {
    const struct settings *settings;
    struct resolver *resolver;
    struct store *read, *write;
    const char *authserv_id; /* NULL unless --trust-authres */
    bool vouch, dry_run;
    size_t read_count, understood_count;
};

/* One input of the quarantine, as reparse_list.sql lists it. */
struct held {
    const char *arrival_day, *body_hash;
    int64_t received;
    enum status status;
    enum transport transport;
    const char *peer, *peer_name;
    struct buf body;
};

static bool
held_read(const char *const v[], struct held *out, struct err *e)
{
    *out = (struct held){
        .arrival_day = v[0],
        .body_hash = v[1],
        .received = strtoll(v[2], NULL, 10),
        .status = (enum status)strtol(v[3], NULL, 10),
        .transport = (enum transport)strtol(v[4], NULL, 10),
        .peer = v[5],
        .peer_name = v[6],
    };
    return text_unhex(&out->body, v[7]) || err_nomem(e);
}

static void
prepare(const struct reparse *r, const struct held *h, struct delivery *d)
{
    bool is_mail = h->transport != TRANSPORT_HTTPS &&
                   inflate_sniff(h->body.bytes, h->body.len) == INFLATE_UNKNOWN;
    bool was_signed = h->status == STATUS_QUARANTINED && h->peer_name[0] != '\0';
    const struct mail_context mail = {
        .settings = r->settings,
        .resolver = r->resolver,
        .authserv_id = r->authserv_id,
        .known_signer = was_signed ? h->peer_name : NULL,
    };

    *d = (struct delivery){
        .kind = is_mail ? DELIVERY_MAIL : DELIVERY_REPORT,
        .transport = h->transport,
        .bytes = h->body.bytes,
        .byte_count = h->body.len,
        .received = h->received,
        .now = (int64_t)time(NULL),
        .peer = h->peer,
        .peer_name = is_mail ? "" : h->peer_name,
        .vouched = r->vouch,
    };
    if (is_mail)
        mail_prepare(&mail, d, d->now);
    else
        intake_prepare(r->settings, d);
}

/* Stores what is accepted by now. *all: nothing of it is left that is not. */
static bool
store_accepted(struct reparse *r, struct delivery *d, bool *all, struct err *e)
{
    struct bundle bundle = {0};
    bool ok;

    for (size_t i = 0; i < d->submission_count; i++)
        if (d->submissions[i].status == STATUS_ACCEPTED)
            bundle_add(&bundle, &d->submissions[i]);
    *all = bundle.count > 0 && bundle.count == d->submission_count;
    ok = bundle_is_whole(&bundle, e);
    if (ok && bundle.count > 0 && !r->dry_run) {
        ok = store_put(r->write, bundle.items, bundle.count, e);
        for (size_t i = 0; i < bundle.count; i++)
            *all = *all && bundle.items[i]->outcome != OUTCOME_QUARANTINED &&
                   bundle.items[i]->outcome != OUTCOME_PRUNED;
    }
    bundle_clear(&bundle);
    return ok;
}

static bool
reparse_one(struct reparse *r, const struct held *h, struct err *e)
{
    struct delivery d;
    bool all = false, ok = true;

    prepare(r, h, &d);
    r->read_count++;
    if (d.submission_count > 0)
        ok = store_accepted(r, &d, &all, e);
    r->understood_count += ok && all;
    intake_finish(&d);
    if (ok && all && !r->dry_run)
        stats_count(&d);
    return ok && (!all || r->dry_run ||
                  store_note_reparsed(r->write, h->arrival_day, h->body_hash, e));
}

static bool
take_row(void *ctx, const char *const values[], size_t n, struct err *e)
{
    struct held h;
    bool ok;

    (void)n;
    ok = held_read(values, &h, e) && reparse_one(ctx, &h, e);
    buf_clear(&h.body);
    return ok;
}

static bool
reparse_all(struct reparse *r, const char *uri, const char *status, struct err *e)
{
    const char *const params[] = {status};
    const struct settings_list *dns = &r->settings->resolver.forwarders;
    bool ok =
        resolver_open(dns->items, dns->count, &r->resolver, e) &&
        store_open(uri, STORE_REPARSE, &r->read, e) &&
        store_open(uri, STORE_REPARSE, &r->write, e) &&
        store_snapshot(r->read, INT64_MAX, e) &&
        store_query(r->read, query_reparse_list, params, 1, COLUMNS, take_row, r, e);

    store_close(r->write);
    store_close(r->read);
    resolver_close(r->resolver);
    return ok;
}

static int
run(const struct options *o, const struct settings *s)
{
    struct reparse r = {
        .settings = s,
        .vouch = command_has(o, OPTION_VOUCH),
        .dry_run = command_has(o, OPTION_DRY_RUN),
        .authserv_id =
            command_has(o, OPTION_TRUST_AUTHRES) ? s->mail.trusted_authserv_id : NULL,
    };
    const char *status = NULL; /* its number, as the query reads it */
    struct database db;
    struct err e = {0};
    bool ok;

    if (o->status != NULL)
        status = strcmp(o->status, status_text(STATUS_IGNORED)) == 0 ? "3" : "2";
    if (!database_open(s, STORE_REPARSE, &db, &e))
        return command_fail(&e);
    ok = reparse_all(&r, db.uri.bytes, status, &e);
    if (!r.dry_run)
        ledger_write(s, db.uri.bytes, STORE_REPARSE);
    database_close(&db);
    (void)printf("%zu read, %zu understood%s\n", r.read_count, r.understood_count,
                 r.dry_run ? "; nothing was kept" : "");
    return ok ? EX_OK : command_fail(&e);
}

const struct command cmd_reparse = {
    .name = "reparse",
    .line = "Reads the quarantine with this version, ignored mail included",
    .examples = "  tlsrptd reparse --dry-run\n"
                "  tlsrptd reparse --status quarantined\n",
    .options = OPTIONS_COMMON | OPTION_STATUS | OPTION_VOUCH | OPTION_TRUST_AUTHRES |
               OPTION_DRY_RUN,
    .run = run,
};
