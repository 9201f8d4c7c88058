/* The table of settings. Names and defaults are described in tlsrpt.conf(5), which a test
 * compares with this. */
#include "schema/settings.h"

#include "base/text.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define AT(field) offsetof(struct settings, field)
#define TEXT(name_, field, default_, about_)                                             \
    {                                                                                    \
        .name = (name_), .type = CONF_TEXT, .offset = AT(field), .text = (default_),     \
        .about = (about_)                                                                \
    }
#define NUMBER(name_, field, default_, min_, max_, about_)                               \
    {                                                                                    \
        .name = (name_), .type = CONF_NUMBER, .offset = AT(field), .number = (default_), \
        .min = (min_), .max = (max_), .about = (about_)                                  \
    }
#define SWITCH(name_, field, default_, about_)                                           \
    {                                                                                    \
        .name = (name_), .type = CONF_SWITCH, .offset = AT(field), .number = (default_), \
        .about = (about_)                                                                \
    }
#define LIST(name_, field, about_)                                                       \
    {                                                                                    \
        .name = (name_), .type = CONF_LIST, .offset = AT(field), .about = (about_)       \
    }
#define SECTION(name_, keys_)                                                            \
    {                                                                                    \
        .name = (name_), .type = CONF_SECTION, .keys = (keys_)                           \
    }
#define TITLED(name_, field, keys_, element_, about_)                                    \
    {                                                                                    \
        .name = (name_), .type = CONF_TITLED, .offset = AT(field), .keys = (keys_),      \
        .element_bytes = sizeof(struct element_), .about = (about_)                      \
    }
#define IN_TITLED(name_, type_, element_, field_, about_)                                \
    {                                                                                    \
        .name = (name_), .type = (type_), .offset = offsetof(struct element_, field_),   \
        .about = (about_)                                                                \
    }
#define END                                                                              \
    {                                                                                    \
        .name = NULL                                                                     \
    }

#define KIB    INT64_C(1024)
#define MIB    (1024 * KIB)
#define GIB    (1024 * MIB)
#define HOUR_S 3600

enum {
    NAME_ROOM = 1024
};

static const struct conf_key database_keys[] = {
    TEXT("uri", database.uri, NULL, "PostgreSQL to use instead of the embedded one"),
    TEXT("owner_uri", database.owner_uri, NULL, "the same as role tlsrpt_owner"),
    TEXT("reparse_uri", database.reparse_uri, NULL, "the same as role tlsrpt_reparse"),
    TEXT("reader_uri", database.reader_uri, NULL, "the same as role tlsrpt_reader"),
    NUMBER("connections", database.connections, 4, 1, 64, "writers of one daemon"),
    END,
};

static const struct conf_key https_keys[] = {
    LIST("listen", https.listen, "address:port over TLS"),
    LIST("plain_listen", https.plain_listen, "without TLS: loopback or unix:/path"),
    SWITCH("plain_anywhere", https.plain_anywhere, 0,
           "plain_listen may be any address, behind a proxy"),
    TEXT("certificate", https.certificate, NULL, "PEM file, leaf first"),
    TEXT("key", https.key, NULL, "PEM file"),
    TEXT("path", https.path, "/v1/tlsrpt", "where reports are posted, byte for byte"),
    LIST("proxies", https.proxies, "prefixes whose forwarding header is believed"),
    TEXT("proxy_header", https.proxy_header, "X-Forwarded-For", "or Forwarded"),
    NUMBER("threads", https.threads, 2, 1, 64, "threads that talk to clients"),
    NUMBER("max_body_bytes", https.max_body_bytes, 10 * MIB, KIB, GIB,
           "of a post, on the wire"),
    NUMBER("max_header_bytes", https.max_header_bytes, 32 * KIB, 4 * KIB, MIB,
           "of a request"),
    NUMBER("max_discard_bytes", https.max_discard_bytes, 64 * MIB, 0, GIB,
           "of a too large body that are read so that the 413 is seen"),
    NUMBER("max_connections", https.max_connections, 1000, 4, 100000, "over all clients"),
    NUMBER("max_connections_per_address", https.max_connections_per_address, 100, 1,
           100000, "of one address"),
    NUMBER("max_connections_per_network", https.max_connections_per_network, 200, 1,
           100000, "of one IPv6 /64 or IPv4 /24"),
    NUMBER("max_requests_per_connection", https.max_requests_per_connection, 1000, 1,
           1000000, "then the connection is closed"),
    NUMBER("source_bytes_per_hour", https.source_bytes_per_hour, GIB, MIB, 1024 * GIB,
           "of one /64 or /24; beyond it 429"),
    NUMBER("handshake_s", https.handshake_s, 10, 1, HOUR_S, "from accept to the headers"),
    NUMBER("header_s", https.header_s, 20, 1, HOUR_S, "for the headers of a request"),
    NUMBER("body_s", https.body_s, 120, 1, HOUR_S, "for the body of a request"),
    NUMBER("idle_s", https.idle_s, 30, 1, HOUR_S, "without a byte"),
    NUMBER("answer_s", https.answer_s, 60, 1, HOUR_S, "for the answer once it is known"),
    END,
};

static const struct conf_key intake_keys[] = {
    NUMBER("max_inflated_bytes", intake.max_inflated_bytes, 64 * MIB, KIB, GIB,
           "of one report"),
    NUMBER("max_gzip_members", intake.max_gzip_members, 16, 1, 1000, "of one report"),
    NUMBER("max_waiting_reports", intake.max_waiting_reports, 1000, 1, 1000000,
           "for the database, over all doors"),
    NUMBER("max_waiting_bytes", intake.max_waiting_bytes, 128 * MIB, MIB, 64 * GIB,
           "the same, bodies still being read and inflated text included"),
    NUMBER("max_wait_s", intake.max_wait_s, 5, 1, HOUR_S,
           "for the database, then 503 or 451"),
    NUMBER("workers", intake.workers, 2, 1, 64, "threads that decode"),
    END,
};

static const struct conf_key lmtp_keys[] = {
    LIST("listen", lmtp.listen, "unix:/path, or address:port on loopback"),
    LIST("recipients", lmtp.recipients, "user@domain or @domain; none: anyone's"),
    NUMBER("max_connections", lmtp.max_connections, 100, 1, 10000, ""),
    NUMBER("command_s", lmtp.command_s, 300, 1, HOUR_S, "to wait for a command"),
    NUMBER("message_s", lmtp.message_s, 600, 1, HOUR_S, "for a whole message"),
    END,
};

static const struct conf_key mail_keys[] = {
    NUMBER("max_message_bytes", mail.max_message_bytes, 25 * MIB, 64 * KIB, GIB,
           "of a mail"),
    TEXT("trusted_authserv_id", mail.trusted_authserv_id, NULL,
         "whose Authentication-Results are believed"),
    NUMBER("workers", mail.workers, 8, 1, 64, "threads that wait for DNS"),
    SWITCH("dkim_service_strict", mail.dkim_service_strict, 0,
           "a key's s= must name tlsrpt or *"),
    END,
};

static const struct conf_key resolver_keys[] = {
    LIST("forwarders", resolver.forwarders, "address or address@port; none: resolv.conf"),
    END,
};

static const struct conf_key quarantine_keys[] = {
    NUMBER("max_days", quarantine.max_days, 90, 1, 3650, "kept"),
    NUMBER("max_bytes", quarantine.max_bytes, 4 * GIB, MIB, 1024 * GIB, "kept"),
    NUMBER("max_source_percent", quarantine.max_source_percent, 10, 1, 100,
           "of max_bytes that one source may hold when it is full"),
    END,
};

static const struct conf_key https_sender_keys[] = {
    IN_TITLED("hosts", CONF_LIST, https_sender, hosts,
              "names or *.names that DNS confirms"),
    END,
};

static const struct conf_key declared_keys[] = {
    IN_TITLED("mx", CONF_LIST, declared_domain, mx, "host names"),
    IN_TITLED("addresses", CONF_LIST, declared_domain, addresses, "\"host address\""),
    IN_TITLED("sts", CONF_LIST, declared_domain, sts,
              "\"YYYY-MM-DD policy\", lines joined by ;"),
    IN_TITLED("tlsa", CONF_LIST, declared_domain, tlsa, "\"YYYY-MM-DD host u s m HEX\""),
    END,
};

static const struct conf_key known_keys[] = {
    IN_TITLED("until", CONF_TEXT, known_finding, until, "YYYY-MM-DD"),
    END,
};

static const struct conf_key keys[] = {
    TEXT("state_dir", state_dir, NULL, "embedded database and sockets"),
    TEXT("user", user, "tlsrpt", "whom a tlsrptd started as root becomes"),
    TEXT("log_level", log_level, "info", "error, warning, info or debug"),
    LIST("domains", domains, "ours: exact, or .example.com for all below it too"),
    NUMBER("keep_days", keep_days, 0, 0, 36500, "of reports; 0: for ever"),
    SECTION("database", database_keys),
    SECTION("https", https_keys),
    SECTION("intake", intake_keys),
    SECTION("lmtp", lmtp_keys),
    SECTION("mail", mail_keys),
    SECTION("resolver", resolver_keys),
    SECTION("quarantine", quarantine_keys),
    TITLED("https_sender", https_senders, https_sender_keys, https_sender,
           "hosts that post in the name of a sender"),
    TITLED("domain", declared, declared_keys, declared_domain, "what we publish"),
    TITLED("known", known, known_keys, known_finding, "a finding that alarms nobody"),
    END,
};

/* ---- what the table cannot say ---- */

static bool
normalize_domain(const char **name, struct arena *a, struct err *e)
{
    char *lower = arena_strdup(a, *name);
    size_t n = strlen(*name);

    if (lower == NULL)
        return err_nomem(e);
    text_lower(lower);
    if (n > 0 && lower[n - 1] == '.')
        lower[--n] = '\0';
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)lower[i] <= ' ' || (unsigned char)lower[i] >= 0x7F)
            return err_set(e, ERR_CONFIG, "domain \"%s\": write it as A-labels (xn--...)",
                           *name);
    }
    if (n == 0 || strcmp(lower, ".") == 0)
        return err_set(e, ERR_CONFIG, "domains: \"%s\" is no domain", *name);
    *name = lower;
    return true;
}

static int
by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool
normalize_titles(const struct conf_titled *titled, size_t bytes, struct arena *a,
                 struct err *e)
{
    char *element = titled->items;

    for (size_t i = 0; i < titled->count; i++, element += bytes) {
        if (!normalize_domain((const char **)(void *)element, a, e))
            return false;
    }
    return true;
}

/* /var/lib/tlsrpt is for the system's own tlsrptd; an ordinary user has his own. */
static const char *
find_state_dir(struct arena *a)
{
    /* NOLINTBEGIN(concurrency-mt-unsafe): read once, before there are threads */
    const char *given = getenv("STATE_DIRECTORY"), *home = getenv("XDG_STATE_HOME");

    if (given != NULL && given[0] == '/')
        return arena_strdup(a, given);
    if (geteuid() == 0 || access("/var/lib/tlsrpt", X_OK) == 0)
        return "/var/lib/tlsrpt";
    if (home != NULL && home[0] == '/')
        return arena_printf(a, "%s/tlsrpt", home);
    home = getenv("HOME");
    /* NOLINTEND(concurrency-mt-unsafe) */
    return arena_printf(a, "%s/.local/state/tlsrpt", home != NULL ? home : "");
}

static bool
check_words(const struct settings *s, struct err *e)
{
    static const char *const levels[] = {"error", "warning", "info", "debug"};
    bool known = false;

    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        known |= strcmp(s->log_level, levels[i]) == 0;
    if (!known)
        return err_set(e, ERR_CONFIG,
                       "log_level is \"%s\", must be error, warning, info or debug",
                       s->log_level);
    if (!text_equal_nocase(s->https.proxy_header, "X-Forwarded-For") &&
        !text_equal_nocase(s->https.proxy_header, "Forwarded"))
        return err_set(
            e, ERR_CONFIG,
            "https/proxy_header is \"%s\", must be X-Forwarded-For or Forwarded",
            s->https.proxy_header);
    if (s->https.path[0] != '/')
        return err_set(e, ERR_CONFIG, "https/path is \"%s\", must begin with /",
                       s->https.path);
    if (s->state_dir != NULL && s->state_dir[0] != '/')
        return err_set(e, ERR_CONFIG, "state_dir is \"%s\", must begin with /",
                       s->state_dir);
    return true;
}

static bool
finish(struct settings *s, struct err *e)
{
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): read once, before there are threads */
    const char *owner = getenv("TLSRPT_OWNER_URI");

    if (!check_words(s, e))
        return false;
    if (s->state_dir == NULL)
        s->state_dir = find_state_dir(&s->arena);
    if (owner != NULL)
        s->database.owner_uri = arena_strdup(&s->arena, owner);
    if (s->state_dir == NULL || (owner != NULL && s->database.owner_uri == NULL))
        return err_nomem(e);
    for (size_t i = 0; i < s->domains.count; i++) {
        if (!normalize_domain(&s->domains.items[i], &s->arena, e))
            return false;
    }
    qsort(s->domains.items, s->domains.count, sizeof *s->domains.items, by_text);
    return normalize_titles(&s->https_senders, sizeof(struct https_sender), &s->arena,
                            e) &&
           normalize_titles(&s->declared, sizeof(struct declared_domain), &s->arena, e);
}

/* ---- exported ---- */

bool
settings_parse(const char *name, const char *text, struct settings *out, struct err *e)
{
    *out = (struct settings){0};
    arena_init(&out->arena, 0);
    if (conf_parse(name, text, keys, out, &out->arena, e) && finish(out, e))
        return true;
    settings_clear(out);
    return false;
}

bool
settings_load(const char *path, struct settings *out, struct err *e)
{
    if (path == NULL && access(SETTINGS_PATH, F_OK) != 0)
        return settings_parse("defaults", "", out, e);
    if (path == NULL)
        path = SETTINGS_PATH;
    *out = (struct settings){0};
    arena_init(&out->arena, 0);
    if (conf_read(path, keys, out, &out->arena, e)) {
        if (finish(out, e))
            return true;
        (void)err_prefix(e, "%s", path);
    }
    settings_clear(out);
    return false;
}

void
settings_clear(struct settings *s)
{
    arena_clear(&s->arena);
    *s = (struct settings){0};
}

bool
settings_use_database(struct settings *s, const char *uri, struct err *e)
{
    const char *own = arena_strdup(&s->arena, uri);

    if (own == NULL)
        return err_nomem(e);
    s->database.uri = own;
    s->database.owner_uri = s->database.reparse_uri = s->database.reader_uri = NULL;
    return true;
}

/* postgresql://user:secret@host: what stands between the second colon and the at sign. */
static const char *
hide_password(const char *uri, struct arena *a)
{
    const char *scheme = uri == NULL ? NULL : strstr(uri, "://"), *at, *colon;

    if (uri != NULL && strstr(uri, "password") != NULL)
        return "(not shown: holds a password)";
    if (scheme == NULL || (at = strchr(scheme, '@')) == NULL ||
        (colon = memchr(scheme + 3, ':', (size_t)(at - scheme - 3))) == NULL)
        return uri;
    return arena_printf(a, "%.*s:***%s", (int)(colon - uri), uri, at);
}

bool
settings_print(const struct settings *s, struct buf *out)
{
    struct settings shown = *s;
    struct arena a;
    bool ok;

    arena_init(&a, 0);
    shown.database.uri = hide_password(s->database.uri, &a);
    shown.database.owner_uri = hide_password(s->database.owner_uri, &a);
    shown.database.reparse_uri = hide_password(s->database.reparse_uri, &a);
    shown.database.reader_uri = hide_password(s->database.reader_uri, &a);
    ok = conf_print(keys, &shown, out);
    arena_clear(&a);
    return ok;
}

static bool
is_listed(const struct settings_list *list, const char *name)
{
    return bsearch(&name, list->items, list->count, sizeof *list->items, by_text) != NULL;
}

bool
settings_owns(const struct settings_list *domains, const char *domain)
{
    char dotted[NAME_ROOM] = ".";

    if (domains->count == 0 || is_listed(domains, domain))
        return true;
    /* ".example.com" is for example.com itself too; a longer name can only be below. */
    if (strlen(domain) < sizeof dotted - 1) {
        (void)stpcpy(dotted + 1, domain);
        if (is_listed(domains, dotted))
            return true;
    }
    for (const char *dot = strchr(domain, '.'); dot != NULL; dot = strchr(dot + 1, '.')) {
        if (is_listed(domains, dot))
            return true;
    }
    return false;
}
