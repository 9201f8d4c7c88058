/* Made from the descriptors, so that no verb and no option can be left out. */
#include "analyzer/help.h"

enum {
    OPTION_WIDTH = 24
};

void
help_program(FILE *out)
{
    (void)fputs(
        "Answers questions about the TLS reports (RFC 8460) that tlsrptd keeps.\n\n"
        "  tlsrpt summary --since 7d           what each sender said, by policy\n"
        "  tlsrpt failures --since yesterday   what failed, newest first\n"
        "  tlsrpt reports --format json        for scripts\n\n"
        "Verbs:\n",
        out);
    for (size_t i = 0; commands[i] != NULL; i++)
        (void)fprintf(out, "  %-10s %s\n", commands[i]->name, commands[i]->line);
    (void)fputs("\n`tlsrpt VERB --help` says more, tlsrpt(1) says all.\n", out);
}

/* -c belongs to --critical where there is one. */
static bool
has_letter(const struct command *command, const struct option_row *row)
{
    return row->letter != '\0' &&
           (row->bit != OPTION_CONFIG || (command->options & OPTION_CRITICAL) == 0);
}

static void
put_option(const struct option_row *row, bool letter, FILE *out)
{
    char name[64];

    (void)snprintf(name, sizeof name, "%s--%s%s%s", letter ? "-c, " : "", row->name,
                   row->arg == NULL ? "" : " ", row->arg == NULL ? "" : row->arg);
    if (letter)
        name[1] = row->letter;
    (void)fprintf(out, "  %-*s %s\n", OPTION_WIDTH, name, row->help);
}

void
help_verb(const struct command *command, FILE *out)
{
    (void)fprintf(out, "%s\nusage: tlsrpt %s%s%s [option ...]\n\n%s.\n\n",
                  command->examples, command->name, command->args == NULL ? "" : " ",
                  command->args == NULL ? "" : command->args, command->line);
    for (size_t i = 0; i < option_row_count; i++) {
        if ((option_rows[i].bit & (command->options | OPTION_HELP)) != 0)
            put_option(&option_rows[i], has_letter(command, &option_rows[i]), out);
    }
    if (*command->notes != '\0')
        (void)fprintf(out, "\n%s", command->notes);
}
