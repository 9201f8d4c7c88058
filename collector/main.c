/* tlsrptd: receives TLS reports and keeps them. The rooms, as a report meets them:
 *
 *   http/ lmtp/ import/  the doors: a post, a mail, files; none knows another
 *   queue/               what has come waits here, in memory or in the spool
 *   mail/                what a mail is made of, and which part of it is the report
 *   dkim/                who answers for it
 *   intake/              the one road of all doors: from bytes to a verdict
 *   queue/               and out again, into the database in batches
 *
 * Here: a cmd_ file a verb; doors, ledger and status are the daemon's.
 */
#include "collector/command.h"

#include <malloc.h>
#include <stdio.h>
#include <sysexits.h>

enum {
    MMAP_BYTES = 512 << 10 /* what is larger goes back to the system when it is freed */
};

static const struct cli_verb *const verbs[] = {
    &cmd_serve.verb,
    &cmd_import.verb,
    &cmd_deliver.verb,
    &cmd_migrate.verb,
    &cmd_maintain.verb,
    &cmd_prune.verb,
    &cmd_forget.verb,
    &cmd_reparse.verb,
    &cmd_database.verb,
    &cmd_config.verb,
    NULL,
};

static const struct cli_program program = {
    .name = "tlsrptd",
    .line =
        "Receives TLS reports (RFC 8460) and keeps them. Reading is what tlsrpt(1) is "
        "for.",
    .examples = "  tlsrptd serve                     receive reports, keep them\n"
                "  tlsrptd import ~/Maildir          take reports out of old mail\n"
                "  tlsrptd config -c ./tlsrpt.conf   check a configuration\n",
    .manuals = "tlsrptd(8) and tlsrpt.conf(5)",
    .verbs = verbs,
    .options = option_rows,
};

static int
fail(const struct command *command, const struct err *e, int code)
{
    (void)command_fail(e);
    return command != NULL && command->wrong_code != 0 ? command->wrong_code : code;
}

static int
run(const struct command *command, const struct options *o)
{
    struct settings s;
    struct err e = {0};
    int code;

    if (!settings_load(o->config_file, &s, &e))
        return fail(command, &e, err_exit_code(&e));
    if (o->db_uri == NULL || settings_use_database(&s, o->db_uri, &e))
        code = command->run(o, &s);
    else
        code = fail(command, &e, err_exit_code(&e));
    settings_clear(&s);
    return code;
}

int
main(int argc, char **argv)
{
    struct options o = {0};
    const struct command *command;
    struct arena arena;
    struct err e = {0};
    bool answered = true;
    int code = EX_OK;

    (void)mallopt(M_MMAP_THRESHOLD, MMAP_BYTES);
    arena_init(&arena, 0);
    if (!cli_read(&program, argc - 1, (const char *const *)argv + 1, &arena, &o, &o.line,
                  &e) ||
        !cli_use(&program, &o.line, &answered, &e)) {
        command = (const struct command *)o.line.verb; /* its first member */
        code = fail(command, &e, EX_USAGE);
    } else if (!answered) {
        command = (const struct command *)o.line.verb;
        code = run(command, &o);
    }
    arena_clear(&arena);
    /* What was said may not have got through: a full disk behind a redirection. */
    if (fflush(stdout) == 0 && ferror(stdout) == 0)
        return code;
    (void)fputs("tlsrptd: cannot write to standard output\n", stderr);
    return code == EX_OK ? EX_IOERR : code;
}
