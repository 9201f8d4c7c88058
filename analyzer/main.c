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
#include "analyzer/pruned.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <sysexits.h>
#include <time.h>

static const struct cli_verb *const verbs[] = {
    &cmd_findings.verb,  &cmd_summary.verb,  &cmd_domains.verb,  &cmd_senders.verb,
    &cmd_failures.verb,  &cmd_results.verb,  &cmd_reports.verb,  &cmd_show.verb,
    &cmd_readiness.verb, &cmd_policies.verb, &cmd_coverage.verb, &cmd_check.verb,
    &cmd_metrics.verb,   &cmd_serve.verb,    &cmd_doctor.verb,   NULL};

static const struct cli_program program = {
    .name = "tlsrpt",
    .line = "Answers questions about the TLS reports (RFC 8460) that tlsrptd keeps.",
    .examples = "  tlsrpt findings                     who must act, and where\n"
                "  tlsrpt summary --since 7d           what each sender said, by policy\n"
                "  tlsrpt failures --since yesterday   what failed, newest first\n"
                "  tlsrpt reports --format json        for scripts\n",
    .manuals = "tlsrpt(1)",
    .verbs = verbs,
    .options = option_rows,
};

/* Says what is wrong, in the way of the verb, which may be NULL; returns the exit code.
 */
static int
complain(const struct cli_verb *verb, const struct err *e, int exit_code)
{
    const struct command *command = (const struct command *)verb; /* its first member */

    if (command != NULL && command->complain != NULL)
        return command->complain(e);
    (void)cli_fail(program.name, e);
    return exit_code;
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
    struct context c = {
        .command = command, .options = o, .settings = &settings, .terminal = &terminal};
    struct err e = {0};
    bool ok;

    terminal_find(&terminal);
    if ((command->begin != NULL && !command->begin(o, &e)) ||
        !settings_load(o->config_file, &settings, &e))
        return complain(&command->verb, &e, err_exit_code(&e));
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
    return e.kind == ERR_NONE ? c.exit_code : complain(&command->verb, &e, c.exit_code);
}

int
main(int argc, char *argv[])
{
    struct options options;
    struct err e = {0};
    bool answered;
    int exit_code;

    /* widths of characters, and nothing else, are the locale's; UTF-8 in any case */
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    (void)signal(SIGPIPE, SIG_IGN);
    if (!options_parse(&options, &program, argc - 1, (const char *const *)argv + 1,
                       (int64_t)time(NULL), &e) ||
        !cli_use(&program, &options.line, &answered, &e))
        exit_code = complain(options.line.verb, &e, EX_USAGE);
    else if (answered)
        exit_code = fflush(stdout) == 0 ? EX_OK : EX_TEMPFAIL;
    else
        exit_code = run((const struct command *)options.line.verb, &options);
    options_clear(&options);
    return exit_code;
}
