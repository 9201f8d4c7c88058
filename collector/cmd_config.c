/* Shows what the daemon would do, so that nobody has to guess. */
#include "collector/command.h"

#include <stdio.h>
#include <sysexits.h>

int
cmd_config(int argc, char **argv)
{
    static const struct command_usage usage = {
        .synopsis = "config [OPTION]...",
        .about =
            "Checks the configuration and prints the effective one, defaults included.",
        .examples = "  tlsrptd config\n  tlsrptd config -c ./tlsrpt.conf\n",
    };
    struct settings s;
    struct buf out;
    int first, code;

    if ((code = command_parse(&usage, argc, argv, &first, &s)) >= 0)
        return code;
    buf_init(&out, 0);
    code = settings_print(&s, &out) && out.bytes != NULL &&
                   fputs(out.bytes, stdout) >= 0 && fflush(stdout) == 0
               ? EX_OK
               : EX_IOERR;
    buf_clear(&out);
    settings_clear(&s);
    return code;
}
