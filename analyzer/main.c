/* tlsrpt: answers questions about the reports that are kept, and can change nothing. The
 * rooms, as an answer is made:
 *
 *   analysis/  facts of six weeks become findings: what is wrong, since when, whose it is
 *   present/   a view becomes a table, JSON, CSV or HTML; prose for people
 *   doctor/    looks at DNS, certificates, host and database, and complains
 *   pages/     the answers in a browser, and what monitoring fetches
 *
 * Here: a cmd_ file a verb; options say what is asked, findings and readiness what every
 * verb and page says alike.
 */
#include "analyzer/command.h"
#include "analyzer/database.h"
#include "analyzer/help.h"
#include "analyzer/pruned.h"
#include "base/suggest.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

const struct command *const commands[] = {
    &cmd_summary,   &cmd_domains,  &cmd_senders,  &cmd_failures,
    &cmd_results,   &cmd_reports,  &cmd_show,     &cmd_findings,
    &cmd_readiness, &cmd_policies, &cmd_coverage, &cmd_check,
    &cmd_metrics,   &cmd_serve,    &cmd_doctor,   NULL};

static const struct command *
find_command(const char *name)
{
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    }
    return NULL;
}

/* `command` may be NULL. */
static int
complain(const struct command *command, const struct err *e, int exit_code)
{
    if (command != NULL && command->complain != NULL)
        return command->complain(e);
    (void)err_say("tlsrpt", e);
    return exit_code;
}

static bool
unknown_verb(const char *verb, struct err *e)
{
    struct suggest s;

    suggest_init(&s, verb);
    for (size_t i = 0; commands[i] != NULL; i++)
        suggest_offer(&s, commands[i]->name);
    return s.nearest == NULL
               ? err_set(e, ERR_INPUT, "there is no \"%s\": see tlsrpt --help", verb)
               : err_set(e, ERR_INPUT, "there is no \"%s\": did you mean %s?", verb,
                         s.nearest);
}

/* Does the verb take the options and as many arguments? */
static bool
check_use(const struct command *command, const struct options *o, struct err *e)
{
    size_t most = command->args != NULL;

    for (size_t i = 0; i < option_row_count; i++) {
        if ((o->given & option_rows[i].bit & ~command->options) != 0)
            return err_set(e, ERR_INPUT, "%s takes no --%s: see tlsrpt %s --help",
                           command->name, option_rows[i].name, command->name);
    }
    if (o->arg_count == 0 && command->args != NULL && *command->args != '[')
        return err_set(e, ERR_INPUT, "%s needs %s: see tlsrpt %s --help", command->name,
                       command->args, command->name);
    if (o->arg_count > most)
        return err_set(e, ERR_INPUT, "%s does not take \"%s\": see tlsrpt %s --help",
                       command->name, o->args[most], command->name);
    return true;
}

/* The answer itself, its view and what else it needs. */
static bool
answer(struct context *c, struct err *e)
{
    struct view view;
    bool ok;

    view_init(&view, c->options->format, c->terminal, stdout);
    c->view = &view;
    ok = (c->store == NULL ||
          (store_snapshot(c->store, c->options->as_of, e) && pruned_check(c, e))) &&
         c->command->run(c, e);
    view_clear(&view);
    c->view = NULL;
    return ok;
}

static int
run(const struct command *command, struct options *o)
{
    struct settings settings;
    struct terminal terminal;
    struct context c = {command, o, &settings, NULL, NULL, &terminal, EX_OK};
    struct err e = {0};
    bool ok;

    terminal_find(&terminal);
    if ((command->begin != NULL && !command->begin(o, &e)) ||
        !settings_load(o->config_file, &settings, &e))
        return complain(command, &e, err_exit_code(&e));
    ok = (o->db_uri == NULL || settings_use_database(&settings, o->db_uri, &e)) &&
         (command->no_store || database_open_reader(&settings, &c.store, &e));
    if (!ok) {
        if (command->unreachable != NULL)
            command->unreachable(&c, &e);
        c.exit_code = e.kind == ERR_AGAIN ? EX_UNAVAILABLE : err_exit_code(&e);
    } else {
        (void)answer(&c, &e); /* false without an error: the reader has left */
        if (!terminal_finish(&terminal, &e) || e.kind != ERR_NONE)
            c.exit_code = err_exit_code(&e);
    }
    store_close(c.store);
    settings_clear(&settings);
    return e.kind == ERR_NONE ? c.exit_code : complain(command, &e, c.exit_code);
}

/* What needs no database: help and version. False when there is nothing of it to say. */
static bool
say_help(struct options *o)
{
    bool help = (o->given & OPTION_HELP) != 0;
    const struct command *command;

    if (o->verb != NULL && strcmp(o->verb, "help") == 0) {
        help = true;
        o->verb = o->arg_count > 0 ? o->args[0] : NULL;
    }
    if ((o->given & OPTION_VERSION) != 0) {
        (void)puts("tlsrpt " TLSRPT_VERSION);
        return true;
    }
    if (o->verb == NULL) {
        help_program(stdout);
        return true;
    }
    if (!help || (command = find_command(o->verb)) == NULL)
        return false;
    help_verb(command, stdout);
    return true;
}

static int
dispatch(struct options *o, int argc, char *const argv[])
{
    const struct command *command;
    struct err e = {0};

    if (!options_parse(o, argc - 1, (const char *const *)argv + 1, (int64_t)time(NULL),
                       &e))
        return complain(o->verb == NULL ? NULL : find_command(o->verb), &e, EX_USAGE);
    if (say_help(o))
        return fflush(stdout) == 0 ? EX_OK : EX_TEMPFAIL;
    if ((command = find_command(o->verb)) == NULL) {
        (void)unknown_verb(o->verb, &e);
        return complain(NULL, &e, EX_USAGE);
    }
    if (!check_use(command, o, &e))
        return complain(command, &e, EX_USAGE);
    return run(command, o);
}

int
main(int argc, char *argv[])
{
    struct options options;
    int exit_code;

    /* widths of characters, and nothing else, are the locale's; UTF-8 in any case */
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    (void)signal(SIGPIPE, SIG_IGN);
    exit_code = dispatch(&options, argc, argv);
    options_clear(&options);
    return exit_code;
}
