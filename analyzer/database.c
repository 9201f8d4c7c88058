#include "analyzer/database.h"

#include "schema/embedded/store_embedded.h"

bool
database_reader_uri(const struct settings *s, struct buf *out, struct err *e)
{
    const char *configured =
        s->database.reader_uri != NULL ? s->database.reader_uri : s->database.uri;

    if (configured == NULL)
        (void)embedded_uri(s->state_dir, STORE_READER, out);
    else
        (void)buf_puts(out, configured);
    return out->failed ? err_nomem(e) : true;
}

bool
database_open_reader(const struct settings *s, struct store **out, struct err *e)
{
    bool embedded = s->database.reader_uri == NULL && s->database.uri == NULL, ok;
    struct buf uri;

    buf_init(&uri, 0);
    ok = database_reader_uri(s, &uri, e) && store_open(uri.bytes, STORE_READER, out, e);
    buf_clear(&uri);
    if (!ok && embedded && e->kind == ERR_AGAIN) {
        err_clear(e);
        return err_set(
            e, ERR_AGAIN,
            "no database answers in %s: start it with `tlsrptd database start`, "
            "or name another with --db",
            s->state_dir);
    }
    return ok;
}
