/* The verbs of tlsrptd. Each stands in its own cmd_<verb>.c, parses its own arguments
 * with command_parse() and returns an exit code (sysexits.h); main.c lists them. */
#pragma once
#include "schema/settings/settings.h"

#include <stddef.h>

/* One option of a verb. -c/--config FILE, --db URI and -h/--help come by themselves. */
struct command_option {
    const char *name;  /* "port-file" */
    const char *value; /* "FILE"; NULL: a flag */
    const char *about; /* one line */
    const char **text; /* where its value goes */
    bool *flag;        /* set to true */
};

struct command_usage {
    const char *synopsis; /* "import [OPTION]... PATH..." */
    const char *about;    /* one line */
    const char *examples; /* lines, each "  tlsrptd ...\n" */
    const struct command_option *options;
    size_t option_count;
    int min_operands, max_operands;
};

/* Parses argv (argv[0] is the verb) and loads the settings: -1 to go on, with *first the
 * index of the first operand and `s` to be settings_clear()ed; else the exit code, when
 * help was printed or something is wrong and was said. Operands may be permuted. */
MUST_USE int command_parse(const struct command_usage *u, int argc, char **argv,
                           int *first, struct settings *s);

/* Says "tlsrptd: <error>" on standard error; returns the exit code for it. */
int command_fail(const struct err *e);

int cmd_config(int argc, char **argv);
int cmd_serve(int argc, char **argv);
int cmd_import(int argc, char **argv);
int cmd_deliver(int argc, char **argv);
int cmd_migrate(int argc, char **argv);
int cmd_maintain(int argc, char **argv);
int cmd_prune(int argc, char **argv);
int cmd_reparse(int argc, char **argv);
int cmd_database(int argc, char **argv);
