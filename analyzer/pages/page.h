/* What a page of `tlsrpt serve` is: a constant descriptor and a function, as a verb is.
 *
 * A page lives at its path; the same with .json or .csv behind it are its rows, which are
 * those of a verb (so that both always agree) or of a function of its own. All state is
 * in the URL: a parameter is an option of the command line (?since=7d&as_of=...), read by
 * options_parse(), or one that the page names in `extra`. A page is plain HTML with the
 * classes of page_style.c: no script, no style attribute (the policy forbids both; the
 * attributes of SVG may be used), links by html_put("%b/path%k").
 */
#pragma once
#include "analyzer/command.h"
#include "analyzer/latest.h"
#include "analyzer/pages/page_params.h"
#include "analyzer/present/html.h"
#include "base/httpd.h"

struct page_context;

#define PAGE_FIGURES                                                                     \
    (OPTION_SINCE | OPTION_UNTIL | OPTION_AS_OF | OPTION_DOMAIN | OPTION_SENDER |        \
     OPTION_TRUST)

struct page {
    const char *path;       /* "/domains", or "/domain/": a name or id follows */
    const char *title;      /* the heading, unless p->title is set */
    const char *menu;       /* its word in the navigation; NULL: not there */
    const char *arg_option; /* "--domain=" if what follows is that; NULL: args[0] */
    cli_set options;        /* OPTION_* that it takes as parameters */
    const char *const
        *defaults;            /* "--since=30d", ..., NULL; taken unless given; or NULL */
    const char *const *extra; /* "days", ..., NULL; or NULL */
    const struct command *command; /* whose rows they are; NULL: there are none, or: */
    bool (*rows)(struct page_context *p, struct err *e); /* puts them into p->c.view */
    bool (*show)(struct page_context *p, struct err *e); /* puts HTML into p->html */
};

struct page_context {
    const struct page *page;
    struct context
        c; /* options, settings, a store with its snapshot; the view, for rows */
    struct params params; /* as given, decoded */
    struct html html;
    const char *query;     /* as it came */
    const char *title;     /* NULL: the page's */
    int32_t today;         /* of the answer: days since 1970 */
    struct latest *source; /* the findings of now, held when they are asked for */
    struct latest_view latest;
    struct findings made;         /* those of page_findings(), when not the latest */
    const struct findings *found; /* what page_findings() gave */
    int64_t as_of;                /* of what it gave; 0: no page_findings() */
    struct httpd_answer *answer;  /* status and headers; its body is written later, */
    bool is_bytes;                /* unless this says that it is there already */
};

/* Every page, in the order of the navigation; NULL ends it. */
extern const struct page *const pages[];

/* A parameter of `extra`; NULL if it was not given. */
const char *page_param(const struct page_context *p, const char *word);

/* The findings that the parameters ask for, open and resolved: the latest, or made anew
 * for another instant or for some domains only. Belongs to the page. ERR_AGAIN when there
 * are none yet. */
MUST_USE bool page_findings(struct page_context *p, const struct findings **out,
                            struct err *e);

/* One finding as a card. */
void page_card(struct page_context *p, const struct facts *f, const struct finding *x);

/* ERR_INPUT that is answered 404. */
bool page_not_found(struct page_context *p, struct err *e, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* Shows the rows of a verb as a table with links, as many as the parameter "rows" says,
 * and a link to more; or a paragraph that says that there are none. */
MUST_USE bool page_table(struct page_context *p, const struct command *command,
                         const char *caption, struct err *e);

/* The same for `reports`: a page of them, and a link to older ones, by the parameter
 * "after". */
MUST_USE bool page_list(struct page_context *p, const struct command *command,
                        const char *caption, struct err *e);

/* Beside OPTION_TRUST: where none is chosen, reports that can be believed are meant. */
#define PAGE_BELIEVED CLI_BIT(63)

/* A GET form with a field for each of these options, filled as they are. */
void page_form(struct page_context *p, cli_set options);

/* Some of the names, each through the template `link` (its %u and its %s), and how many
 * more. */
void page_names(struct page_context *p, const struct facts *f, const struct name_list *l,
                const char *link);

/* "warning since Tue 3 Nov, 20 days" */
void page_severity(struct page_context *p, const struct facts *f,
                   const struct finding *x);

/* Who must act: "ours", "one of our hosts" and so on. */
const char *page_fault(enum fault verdict);

/* "Thu 5 Nov, 20 days": since when, as a <time>. */
void page_since(struct page_context *p, int32_t day);
