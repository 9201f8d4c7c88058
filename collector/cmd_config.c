/* Shows what the daemon would do, so that nobody has to guess. */
#include "base/suggest.h"
#include "collector/command.h"
#include "collector/database.h"
#include "collector/http/http_tls.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static int
print(const struct settings *s)
{
    struct buf out;
    int code;

    buf_init(&out, 0);
    code = settings_print(s, &out) && out.bytes != NULL &&
                   fputs(out.bytes, stdout) >= 0 && fflush(stdout) == 0
               ? EX_OK
               : EX_IOERR;
    buf_clear(&out);
    return code;
}

static bool
print_unsafe(void *ctx, const char *const values[], size_t n, struct err *e)
{
    (void)ctx;
    (void)n;
    (void)e;
    (void)printf("warning: %s; %s\n", values[2], values[3]);
    return true;
}

/* What can be wrong beyond the file itself: the certificate, and the database that is
 * named. */
static int
check(const struct settings *s)
{
    struct err e = {0};
    bool ok = true;

    if (s->domains.count == 0)
        (void)puts("warning: no domains are configured, so reports about any are taken");
    if (s->https.certificate != NULL) {
        ok = http_tls_load(s->https.certificate, s->https.key, 0, &e);
        http_tls_free();
    }
    if (ok && s->database.uri != NULL)
        ok = database_durability(s->database.uri, print_unsafe, NULL, &e);
    if (ok)
        return EX_OK;
    (void)command_fail(&e);
    return e.kind == ERR_AGAIN ? EX_UNAVAILABLE : err_exit_code(&e);
}

static int
run(const struct options *o, const struct settings *s)
{
    struct suggest near;
    struct err e = {0};

    if (o->line.arg_count == 0)
        return print(s);
    if (strcmp(o->line.args[0], "check") == 0)
        return check(s);
    suggest_init(&near, o->line.args[0]);
    suggest_offer(&near, "check");
    (void)suggest_fail(&near, "config ", "", "tlsrptd config --help", &e);
    (void)command_fail(&e);
    return EX_USAGE;
}

const struct command cmd_config = {
    .name = "config",
    .line = "Checks the configuration and prints the effective one",
    .args = "[check]",
    .notes = "Defaults are printed, too. With check, looks at the certificate and "
             "the database\ninstead, and warns of what is unsafe.\n",
    .examples = "  tlsrptd config\n"
                "  tlsrptd config check -c ./tlsrpt.conf\n",
    .options = OPTIONS_COMMON,
    .run = run,
};
