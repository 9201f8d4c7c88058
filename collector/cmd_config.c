/* Shows what the daemon would do, so that nobody has to guess. */
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

int
cmd_config(int argc, char **argv)
{
    static const struct command_usage usage = {
        .synopsis = "config [OPTION]... [check]",
        .about = "Checks the configuration and prints the effective one, defaults "
                 "included. With check,\nlooks at the certificate and the database "
                 "instead, and warns of what is unsafe.",
        .examples = "  tlsrptd config\n  tlsrptd config check -c ./tlsrpt.conf\n",
        .max_operands = 1,
    };
    struct settings s;
    int first, code;

    if ((code = command_parse(&usage, argc, argv, &first, &s)) >= 0)
        return code;
    if (first == argc) {
        code = print(&s);
    } else if (strcmp(argv[first], "check") == 0) {
        code = check(&s);
    } else {
        (void)fprintf(stderr, "tlsrptd: config takes no \"%s\", only check\n",
                      argv[first]);
        code = EX_USAGE;
    }
    settings_clear(&s);
    return code;
}
