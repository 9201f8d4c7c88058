/* The embedded database without the daemon, so that tlsrpt can read it. */
#include "collector/command.h"
#include "collector/user.h"
#include "schema/store_embedded.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static bool
start(const struct settings *s, struct err *e)
{
    struct buf uri = {0};
    bool ok = embedded_launch(s->state_dir, e) &&
              (embedded_uri(s->state_dir, STORE_OWNER, &uri) || err_nomem(e)) &&
              store_migrate(uri.bytes, NULL, NULL, e);

    buf_clear(&uri);
    return ok;
}

static bool
stop(const struct settings *s, struct err *e)
{
    return embedded_stop(s->state_dir, e);
}

static bool
status(const struct settings *s, struct err *e)
{
    struct embedded_status st;
    struct buf uri = {0};

    embedded_status(s->state_dir, &st);
    if (!st.exists) {
        (void)printf("there is none in %s\n", s->state_dir);
        return true;
    }
    if (st.pid == 0) {
        (void)printf("stopped (PostgreSQL %s in %s)\n", st.version, s->state_dir);
        return true;
    }
    if (!embedded_uri(s->state_dir, STORE_READER, &uri))
        return err_nomem(e);
    (void)printf("%s: process %ld, PostgreSQL %s, %s\n%s\n",
                 st.ready ? "running" : "starting", (long)st.pid, st.version,
                 st.owned ? "with its daemon" : "without a daemon", uri.bytes);
    buf_clear(&uri);
    return true;
}

static const struct {
    const char *name;
    bool (*run)(const struct settings *s, struct err *e);
    bool as_user; /* root may look */
} actions[] = {
    {"start", start, true},
    {"stop", stop, true},
    {"status", status, false},
};

int
cmd_database(int argc, char **argv)
{
    static const struct command_usage usage = {
        .synopsis = "database [OPTION]... start|stop|status",
        .about = "Runs the embedded database without the daemon.",
        .examples = "  tlsrptd database start   (then tlsrpt can read it)\n"
                    "  tlsrptd database status\n",
        .min_operands = 1,
        .max_operands = 1,
    };
    struct settings s;
    struct err e = {0};
    int first, code;

    if ((code = command_parse(&usage, argc, argv, &first, &s)) >= 0)
        return code;
    code = EX_USAGE;
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        if (strcmp(argv[first], actions[i].name) != 0)
            continue;
        if (s.database.uri != NULL)
            err_set(&e, ERR_CONFIG, "the configuration names a database of your own");
        code = e.kind == ERR_NONE && (!actions[i].as_user || user_become(&s, &e)) &&
                       actions[i].run(&s, &e)
                   ? EX_OK
                   : command_fail(&e);
    }
    if (code == EX_USAGE)
        (void)fprintf(stderr, "Usage: tlsrptd %s\n", usage.synopsis);
    settings_clear(&s);
    return code;
}
