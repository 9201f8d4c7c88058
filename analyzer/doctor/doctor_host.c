/* What of this host and its database is unsafe, or will be soon. */
#include "analyzer/doctor/doctor.h"
#include "analyzer/doctor/https_get.h"
#include "analyzer/origins.h"
#include "base/when.h"
#include "schema_sql.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    SPOOLED_S = 900,   /* what waits for longer is told */
    FULL_PERCENT = 80, /* of a limit */
    MAX_GROUPS = 1024,
    ORIGINS_DAYS = 92,
};

/* ---- the database ---- */

/* What a query that judges is about, and where it is said. */
struct judging {
    struct complaints *said;
    const char *subject;
};

/* Its row: severity, check, what, fix. */
static bool
judged(void *ctx, const char *const v[], size_t n, struct err *e)
{
    const struct judging *j = ctx;

    (void)n;
    (void)e;
    complaints_put(j->said, &(struct complaint){severity_find(v[0], SEVERITY_WARNING),
                                                v[1], "", j->subject, v[2], v[3]});
    return true;
}

static bool
judge_rights(struct store *s, const char *work, const char *setting,
             struct complaints *said, struct err *e)
{
    const char *params[] = {work, setting};
    struct judging j = {said, setting};

    return store_judge(s, query_doctor_rights, params, 2, judged, &j, e);
}

/* The role that writes says what its commits are worth. Without one of its own, or with
 * --db, the reader's connection is all there is. */
static bool
judge_collector(struct context *c, struct complaints *said, struct err *e)
{
    const char *uri = c->settings->database.uri;
    struct judging j = {said, "database"};
    struct err away = {0};
    struct store *s = NULL;
    bool ok, own = uri != NULL && (c->options->line.given & OPTION_DB) == 0;

    if (!own)
        return store_durability(c->store, judged, &j, e);
    j.subject = "database/uri";
    if (!store_open(uri, STORE_COLLECTOR, &s, &away)) {
        complain(said, COLLECTOR_AWAY, j.subject,
                 "the collector's URI does not connect: %s", away.text);
        return true;
    }
    ok = store_durability(s, judged, &j, e) &&
         judge_rights(s, "collector", j.subject, said, e);
    store_close(s);
    return ok;
}

/* Posts of the last months that signed mails bear out, and that count for less than they
 * might. */
static bool
judge_origins(struct context *c, struct complaints *said, struct err *e)
{
    char since[WHEN_DAY_SIZE];
    const char *params[] = {
        when_print_day(when_day_of_instant(time(NULL)) - ORIGINS_DAYS, since), "infinity",
        NULL, NULL, NULL};
    struct origins all;
    bool ok = origins_find(c, params, &all, e);

    for (size_t i = 0; i < all.count; i++) {
        const struct origin *o = &all.rows[i];

        if (origin_is_borne_out(o))
            complain(said, ORIGIN_NOT_LISTED, o->sender,
                     "of %" PRId64 " reports posted from %s signed mails say the same of "
                     "%" PRId64 " and differ in none",
                     o->reports, o->hosts, o->matched);
    }
    origins_clear(&all);
    return ok;
}

static bool
judge_database(struct context *c, struct complaints *said, struct err *e)
{
    char now[24], max_bytes[24], newest[24];
    const char *params[] = {now, max_bytes, newest};
    const char *setting = (c->options->line.given & OPTION_DB) != 0 ? "--db"
                          : c->settings->database.reader_uri != NULL
                              ? "database/reader_uri"
                              : NULL;
    struct judging j = {said, "database"};

    (void)snprintf(max_bytes, sizeof max_bytes, "%" PRId64,
                   c->settings->quarantine.max_bytes);
    (void)snprintf(newest, sizeof newest, "%d", migrations[migration_count - 1].version);
    (void)snprintf(now, sizeof now, "%" PRId64, (int64_t)time(NULL));
    return store_snapshot(c->store, INT64_MAX, e) &&
           store_query(c->store, query_doctor_database, params, 3, 4, judged, &j, e) &&
           judge_origins(c, said, e) &&
           (setting == NULL || judge_rights(c->store, "reader", setting, said, e)) &&
           judge_collector(c, said, e);
}

/* ---- files ---- */

/* May `user` read the file? Root asks as that user, and is root again. */
static bool
may_read(const struct passwd *user, const char *path)
{
    gid_t groups[MAX_GROUPS];
    int count = getgroups(MAX_GROUPS, groups);
    bool ok;

    if (geteuid() != 0)
        return euidaccess(path, R_OK) == 0;
    ok = count >= 0 && initgroups(user->pw_name, user->pw_gid) == 0 &&
         setegid(user->pw_gid) == 0 && seteuid(user->pw_uid) == 0 &&
         euidaccess(path, R_OK) == 0;
    if (seteuid(0) != 0 || setegid(0) != 0 || setgroups((size_t)count, groups) != 0)
        _exit(1); /* half a root is no one to go on as */
    return ok;
}

/* Whom tlsrptd is, as far as can be told: NULL is unknown. */
static const struct passwd *
find_user(const struct settings *s, struct complaints *said)
{
    const struct passwd *user;
    struct stat st;

    if (geteuid() != 0)
        return stat(s->state_dir, &st) == 0 && st.st_uid == geteuid()
                   ? getpwuid(geteuid())
                   : NULL;
    if ((user = getpwnam(s->user)) == NULL)
        complain(said, USER_MISSING, "user", "there is no user %s for tlsrptd to become",
                 s->user);
    return user;
}

static void
judge_certificate(const struct settings *s, int64_t now, struct complaints *said)
{
    char host[256], day[WHEN_DAY_SIZE];
    struct err e = {0};
    int64_t expires;
    bool known;

    known = https_certificate(s->https.certificate, &expires, host, &e);
    if (!known && errno == EACCES)
        return; /* another's, and judge_readable() has asked for him */
    if (!known)
        complain(said, CERTIFICATE_FILE, s->https.certificate, "%s", e.text);
    else if ((expires - now) / WHEN_DAY_S < DOCTOR_EXPIRY_DAYS)
        complain(said, expires <= now ? CERTIFICATE_EXPIRED : CERTIFICATE_EXPIRING,
                 s->https.certificate, "tlsrptd's certificate %s on %s",
                 expires <= now ? "expired" : "expires",
                 when_print_day(when_day_of_instant(expires), day));
}

/* After root is left behind a renewed pair must still be readable. */
static void
judge_readable(const struct settings *s, struct complaints *said)
{
    const struct passwd *user = find_user(s, said);
    const char *const paths[] = {s->https.certificate, s->https.key};

    for (size_t i = 0; user != NULL && i < 2; i++) {
        if (paths[i] == NULL || may_read(user, paths[i]) ||
            (i == 0 && access(paths[i], F_OK) != 0))
            continue;
        complain(said, KEY_UNREADABLE, paths[i],
                 "the user %s cannot read it, so tlsrptd cannot take up a renewed "
                 "certificate and serves the old one until it expires",
                 user->pw_name);
    }
}

/* ---- the spool ---- */

static void
judge_spool(const struct settings *s, int64_t now, struct complaints *said)
{
    int64_t files = 0, bytes = 0, aside = 0, oldest = now;
    struct dirent *entry;
    struct stat st;
    char path[4096];
    DIR *dir;

    (void)snprintf(path, sizeof path, "%s/spool", s->state_dir);
    if ((dir = opendir(path)) == NULL)
        return;
    while ((entry = readdir(dir)) != NULL) { /* NOLINT(concurrency-mt-unsafe) */
        if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISREG(st.st_mode))
            continue;
        files++;
        bytes += st.st_size;
        if (strstr(entry->d_name, "aside") != NULL)
            aside++;
        else
            oldest = st.st_mtime < oldest ? st.st_mtime : oldest;
    }
    (void)closedir(dir);
    if (files * 100 > s->https.spool_max_files * FULL_PERCENT ||
        bytes * 100 > s->https.spool_max_bytes * FULL_PERCENT)
        complain(said, SPOOL_FULL, path,
                 "the spool holds %" PRId64 " files of %" PRId64
                 " bytes: at its limits posts are turned away",
                 files, bytes);
    else if (aside > 0)
        complain(said, SPOOL_ASIDE, path,
                 "%" PRId64 " of the posts in the spool were set aside as of no use",
                 aside);
    else if (now - oldest > SPOOLED_S)
        complain(said, SPOOL_WAITING, path,
                 "posts wait in the spool, the oldest for %" PRId64 " minutes",
                 (now - oldest) / 60);
}

static void
judge_settings(const struct settings *s, struct complaints *said)
{
    if (s->domains.count == 0)
        complain(said, NO_DOMAINS, "domains",
                 "no domains are configured: reports about any are taken, and this "
                 "cannot look at yours");
    if (s->https.listen.count + s->https.plain_listen.count + s->lmtp.listen.count == 0)
        complain(said, NO_DOOR, "https/listen", "no address to listen on is configured");
}

bool
doctor_host(struct context *c, struct complaints *said, struct err *e)
{
    const struct settings *s = c->settings;
    int64_t now = c->options->now;

    judge_settings(s, said);
    if (s->https.certificate != NULL)
        judge_certificate(s, now, said);
    judge_readable(s, said);
    if (s->https.spool)
        judge_spool(s, now, said);
    return c->store == NULL || judge_database(c, said, e);
}
