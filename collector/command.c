/* One way to read options, print help and fail, for every verb. */
#include "collector/command.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum {
    MAX_OPTIONS = 32,
    COMMON_OPTIONS = 3,
};

int
command_fail(const struct err *e)
{
    return err_say("tlsrptd", e);
}

static void
print_option(const char *name, const char *value, const char *about)
{
    char left[64];

    (void)snprintf(left, sizeof left, "--%s%s%s", name, value != NULL ? " " : "",
                   value != NULL ? value : "");
    (void)printf("      %-24s %s\n", left, about);
}

static int
print_help(const struct command_usage *u)
{
    (void)printf("Examples:\n%s\nUsage: tlsrptd %s\n%s\n\nOptions:\n", u->examples,
                 u->synopsis, u->about);
    for (size_t i = 0; i < u->option_count; i++)
        print_option(u->options[i].name, u->options[i].value, u->options[i].about);
    (void)printf("  -c, %-24s %s\n", "--config FILE", "instead of " SETTINGS_PATH);
    print_option("db", "URI", "this PostgreSQL instead of the configured one");
    (void)printf("  -h, %-24s %s\n", "--help", "this text");
    return EX_OK;
}

static void
build_options(const struct command_usage *u, struct option *options)
{
    static const struct option common[COMMON_OPTIONS + 1] = {
        {"config", required_argument, NULL, 'c'},
        {"db", required_argument, NULL, 'd'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };

    for (size_t i = 0; i < u->option_count; i++) {
        bool takes = u->options[i].value != NULL;

        options[i] =
            (struct option){u->options[i].name, takes ? required_argument : no_argument,
                            NULL, 256 + (int)i};
    }
    memcpy(options + u->option_count, common, sizeof common);
}

static int
say_try(const char *verb)
{
    (void)fprintf(stderr, "Try 'tlsrptd %s --help'.\n", verb);
    return EX_USAGE;
}

static void
take_option(const struct command_option *o, const char *value)
{
    if (o->value != NULL)
        *o->text = value;
    else
        *o->flag = true;
}

int
command_parse(const struct command_usage *u, int argc, char **argv, int *first,
              struct settings *s)
{
    struct option options[MAX_OPTIONS + COMMON_OPTIONS + 1];
    const char *config = NULL, *db = NULL;
    struct err e = {0};
    int c;

    if (u->option_count > MAX_OPTIONS)
        abort();
    build_options(u, options);
    optind = 1;
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): there are no threads yet */
    while ((c = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
        if (c == 'h')
            return print_help(u);
        if (c == 'c')
            config = optarg;
        else if (c == 'd')
            db = optarg;
        else if (c >= 256)
            take_option(&u->options[c - 256], optarg);
        else {
            return say_try(argv[0]);
        }
    }
    *first = optind;
    if (argc - optind < u->min_operands || argc - optind > u->max_operands)
        return say_try(argv[0]);
    if (!settings_load(config, s, &e))
        return command_fail(&e);
    if (db != NULL && !settings_use_database(s, db, &e)) {
        settings_clear(s);
        return command_fail(&e);
    }
    return -1;
}
