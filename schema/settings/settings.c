/* Reads, completes and checks the settings: what their table cannot say. */
#include "schema/settings/settings.h"

#include "base/log.h"
#include "base/text.h"
#include "schema/report/report.h"
#include "schema/settings/credentials.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    NAME_ROOM = 1024
};

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
    enum log_level level;

    if (!log_level_find(s->log_level, &level))
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
    if (s->retention.report_days != 0 &&
        s->retention.report_days < REPORT_LEAST_KEPT_DAYS)
        return err_set(e, ERR_CONFIG,
                       "retention/report_days is %" PRId64 ", must be 0 or at least %d: "
                       "findings look back as far",
                       s->retention.report_days, REPORT_LEAST_KEPT_DAYS);
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
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): so */
    const char *credentials = getenv("CREDENTIALS_DIRECTORY");

    if (!check_words(s, e) ||
        (credentials != NULL && !credentials_take(credentials, s, e)))
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
    qsort(s->domains.items, s->domains.count, sizeof *s->domains.items, text_compare);
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
    if (conf_parse(name, text, settings_keys, out, &out->arena, e) && finish(out, e))
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
    if (conf_read(path, settings_keys, out, &out->arena, e)) {
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
    ok = conf_print(settings_keys, &shown, out);
    arena_clear(&a);
    return ok;
}

static bool
is_listed(const struct settings_list *list, const char *name)
{
    return bsearch(&name, list->items, list->count, sizeof *list->items, text_compare) !=
           NULL;
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
