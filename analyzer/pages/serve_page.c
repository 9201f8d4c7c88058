/* From a URL to a page: which one, its parameters as words of a command line, its rows or
 * its HTML, and the frame around it. */
#include "analyzer/pages/page.h"
#include "analyzer/pages/serve.h"
#include "base/count.h"
#include "base/when.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    MOST_BYTES = 64 << 20, /* of one answer */
    MAX_WORDS = PARAMS_MAX + 16,
};

/* What rows may be had as, by the end of the path. */
static const struct {
    const char *end, *type;
    enum view_format format;
} formats[] = {
    {".json", "application/json", VIEW_JSON},
    {".csv", "text/csv; charset=utf-8; header=present", VIEW_CSV},
};

/* One answer in the making. */
struct making {
    struct page_context p;
    struct serve *serve;
    const char *type; /* of rows; NULL: HTML */
    enum view_format format;
    const char *path; /* without the end that says what they are */
    const char *words[MAX_WORDS];
    int word_count;
};

/* ---- which page, and what is asked of it ------------------------------------------- */

static const struct page *
find_page(const char *path, const char **arg)
{
    *arg = NULL;
    if (strcmp(path, "/") == 0)
        return pages[0];
    for (size_t i = 0; pages[i] != NULL; i++) {
        size_t n = strlen(pages[i]->path);

        if (pages[i]->path[n - 1] != '/' && strcmp(path, pages[i]->path) == 0)
            return pages[i];
        if (pages[i]->path[n - 1] == '/' && strncmp(path, pages[i]->path, n) == 0 &&
            path[n] != '\0') {
            *arg = path + n;
            return pages[i];
        }
    }
    return NULL;
}

/* Takes ".json" or ".csv" off the path. */
static bool
take_format(struct making *m, struct arena *arena, const char *path, struct err *e)
{
    size_t n = strlen(path);

    m->path = path;
    for (size_t i = 0; i < COUNT_OF(formats); i++) {
        size_t end = strlen(formats[i].end);

        if (n <= end || strcmp(path + n - end, formats[i].end) != 0)
            continue;
        m->type = formats[i].type;
        m->format = formats[i].format;
        m->path = arena_strndup(arena, path, n - end);
    }
    return m->path == NULL ? err_nomem(e) : true;
}

static bool
add_word(struct making *m, const char *word, struct err *e)
{
    if (word == NULL)
        return err_nomem(e);
    if (m->word_count == MAX_WORDS)
        return err_set(e, ERR_INPUT, "too many parameters");
    m->words[m->word_count++] = word;
    return true;
}

static bool
is_extra(const struct page *page, const char *word)
{
    for (size_t i = 0; page->extra != NULL && page->extra[i] != NULL; i++) {
        if (strcmp(page->extra[i], word) == 0)
            return true;
    }
    return false;
}

/* "since=7d" as "--since=7d", for an option that the page takes. */
static bool
add_param(struct making *m, struct arena *arena, const struct param *param, struct err *e)
{
    char *word = arena_strdup(arena, param->name);

    if (word == NULL)
        return err_nomem(e);
    for (char *c = word; *c != '\0'; c++)
        if (*c == '_')
            *c = '-';
    for (const struct cli_option *row = option_rows; row->name != NULL; row++) {
        if ((row->bit & m->p.page->options) != 0 && strcmp(row->name, word) == 0)
            return add_word(m, arena_printf(arena, "--%s=%s", word, param->value), e);
    }
    if (strcmp(param->name, "rows") == 0 || is_extra(m->p.page, param->name))
        return true;
    return err_set(e, ERR_INPUT, "this page has no parameter \"%.80s\"", param->name);
}

static bool
add_words(struct making *m, struct arena *arena, const char *arg, struct err *e)
{
    const struct page *page = m->p.page;
    const char *given = NULL;

    for (const char *const *d = page->defaults; d != NULL && *d != NULL; d++) {
        if (!add_word(m, *d, e))
            return false;
    }
    for (size_t i = 0; i < m->p.params.count; i++) {
        if (!add_param(m, arena, &m->p.params.items[i], e))
            return false;
    }
    if (arg != NULL && (given = params_decode(arg, strlen(arg), false, arena, e)) == NULL)
        return false;
    if (given != NULL && page->arg_option != NULL && strchr(given, ',') != NULL)
        return err_set(e, ERR_INPUT, "one name at a time");
    if (given != NULL && page->arg_option != NULL &&
        !add_word(m, arena_printf(arena, "%s%s", page->arg_option, given), e))
        return false;
    return given == NULL || (add_word(m, "--", e) && add_word(m, given, e));
}

/* What goes along from page to page. */
static bool
set_kept(struct page_context *p, struct arena *arena, struct err *e)
{
    static const char *const kept[] = {"since", "until", "trust", "as_of"};
    struct buf out;

    buf_init(&out, 0);
    for (size_t i = 0; i < COUNT_OF(kept); i++) {
        const char *value = params_find(&p->params, kept[i]);

        if (value == NULL)
            continue;
        (void)buf_printf(&out, "%s%s=", out.len > 0 ? "&" : "", kept[i]);
        (void)html_put_encoded(&out, value);
    }
    p->html.kept = out.len > 0 ? arena_strdup(arena, out.bytes) : "";
    buf_clear(&out);
    return p->html.kept == NULL ? err_nomem(e) : true;
}

static bool
read_url(struct making *m, struct arena *arena, const struct httpd_request *q,
         struct err *e)
{
    static const struct cli_program parameters = {.options = option_rows};
    struct options *o = m->p.c.options;
    const char *arg;
    int64_t now = (int64_t)time(NULL);

    if (!take_format(m, arena, q->path, e))
        return false;
    if ((m->p.page = find_page(m->path, &arg)) == NULL)
        return page_not_found(&m->p, e, "there is no page at %.200s", q->path);
    if (!params_parse(q->query, arena, &m->p.params, e) || !set_kept(&m->p, arena, e) ||
        !add_words(m, arena, arg, e) ||
        !options_parse(o, &parameters, m->word_count, m->words, now, e))
        return false;
    o->format = m->format;
    m->p.c.command = m->p.page->command;
    m->p.today = when_day_of_instant(o->as_of < now ? o->as_of : now);
    return m->type == NULL || m->p.page->rows != NULL || m->p.page->command != NULL ||
           page_not_found(&m->p, e, "this page has no rows");
}

/* ---- the frame -------------------------------------------------------------------- */

static void
put_menu(struct page_context *p)
{
    html_put(&p->html, "<nav aria-label=\"Pages\"><ul>");
    for (size_t i = 0; pages[i] != NULL; i++) {
        if (pages[i]->menu == NULL)
            continue;
        html_put(&p->html,
                 pages[i] == p->page
                     ? "<li><a href=\"%b%s%k\" aria-current=\"page\">%s</a></li>"
                     : "<li><a href=\"%b%s%k\">%s</a></li>",
                 pages[i]->path, pages[i]->menu);
    }
    html_put(&p->html, "</ul></nav>");
}

/* All before the content. p->page is NULL for what is no page. */
static void
put_head(struct page_context *p, const char *style, const char *title)
{
    html_put(&p->html,
             "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
             "<title>%s - tlsrpt</title><meta name=\"viewport\" "
             "content=\"width=device-width, initial-scale=1\">"
             "<link rel=\"icon\" href=\"data:,\"><style>",
             title);
    (void)buf_puts(p->html.out, style);
    html_put(&p->html, "</style></head>\n<body><a class=\"skip\" href=\"#main\">"
                       "To the content</a><header><div>"
                       "<a class=\"brand\" href=\"%b/\">TLS reports</a>");
    put_menu(p);
    html_put(&p->html, "</div></header>\n<main id=\"main\">\n");
}

/* All after it. `path`: where its rows are, less the end; NULL: it has none. */
static void
put_foot(struct page_context *p, const char *path)
{
    const char *ask = *p->query == '\0' ? "" : "?";
    char text[WHEN_INSTANT_SIZE];
    int64_t as_of = p->as_of != 0                             ? p->as_of
                    : p->c.options->as_of < p->c.options->now ? p->c.options->as_of
                                                              : p->c.options->now;

    html_put(&p->html, "</main>\n<footer>");
    if (as_of > 0) {
        (void)when_print_instant(as_of, text);
        text[10] = ' ';
        text[16] = '\0';
        html_put(&p->html, "<span>As of <time>%s UTC</time></span>", text);
    }
    if (path != NULL)
        html_put(&p->html,
                 "<span>The same as <a href=\"%b%s.json%s%s\">JSON</a> or "
                 "<a href=\"%b%s.csv%s%s\">CSV</a></span>",
                 path, ask, p->query, path, ask, p->query);
    html_put(&p->html, "<span>tlsrpt %s</span></footer></body></html>\n", TLSRPT_VERSION);
}

/* ---- rows ------------------------------------------------------------------------- */

static ssize_t
append_bytes(void *body, const char *bytes, size_t n)
{
    return buf_append(body, bytes, n) ? (ssize_t)n : 0;
}

static bool
put_rows(struct making *m, struct err *e)
{
    struct page_context *p = &m->p;
    struct buf *body = &p->answer->body;
    FILE *out = fopencookie(body, "w", (cookie_io_functions_t){.write = append_bytes});
    struct view view;
    bool ok;

    if (out == NULL)
        return err_nomem(e);
    body->max_bytes = MOST_BYTES;
    view_init(&view, p->c.options->format, NULL, out);
    p->c.view = &view;
    ok = p->page->rows != NULL ? p->page->rows(p, e) : p->page->command->run(&p->c, e);
    p->c.view = NULL;
    view_clear(&view);
    ok = fclose(out) == 0 && ok;
    if (body->failed) {
        err_clear(e);
        return err_set(e, ERR_INPUT,
                       "the answer is larger than %d MB: ask for fewer days, or one "
                       "domain or sender",
                       MOST_BYTES >> 20);
    }
    return ok || err_set(e, ERR_BUG, "the answer stopped short");
}

static bool
put_page(struct making *m, struct err *e)
{
    struct page_context *p = &m->p;
    const struct page *page = p->page;
    bool has_rows = page->command != NULL || page->rows != NULL, ok;
    struct buf content;

    buf_init(&content, 0);
    p->html.out = &content;
    ok = page->show(p, e);
    p->html.out = &p->answer->body;
    if (ok && !p->is_bytes) {
        put_head(p, m->serve->style, p->title == NULL ? page->title : p->title);
        (void)buf_append(p->html.out, content.bytes, content.len);
        put_foot(p, !has_rows ? NULL : strcmp(m->path, "/") == 0 ? page->path : m->path);
    }
    buf_clear(&content);
    return ok || err_set(e, ERR_BUG, "the page stopped short");
}

/* ---- answers ----------------------------------------------------------------------- */

static int
status_of(const struct making *m, const struct err *e)
{
    if (m->p.answer->status != 0)
        return m->p.answer->status;
    switch (e->kind) {
    case ERR_INPUT:
    case ERR_TOO_BIG:
        return 400;
    case ERR_REFUSED:
        return 403;
    case ERR_AGAIN:
    case ERR_CONFIG:
        return 503;
    case ERR_NONE:
    case ERR_BUG:
        break;
    }
    return 500;
}

/* A page that says what is wrong; a line for those who asked for rows. */
static void
put_error(struct making *m, const struct err *e)
{
    struct page_context *p = &m->p;
    const char *text = e->text + strspn(e->text, "-");
    int status = status_of(m, e);
    const char *title = status == 404   ? "Not found"
                        : status < 500  ? "That cannot be shown"
                        : status == 503 ? "Not now"
                                        : "Something is wrong";

    buf_reset(&p->answer->body);
    p->answer->status = status;
    p->page = NULL;
    p->html.out = &p->answer->body;
    p->html.kept = "";
    if (m->type != NULL) {
        m->type = "text/plain; charset=utf-8";
        (void)buf_printf(&p->answer->body, "%s\n", text);
        return;
    }
    if (status == 503)
        (void)httpd_set_header(p->answer, "Retry-After", "10");
    put_head(p, m->serve->style, title);
    html_put(&p->html, "<h1>%s</h1><div class=\"card warning\"><p>%s</p></div>", title,
             text);
    html_put(&p->html, status == 503
                           ? "<p>The database does not answer, or the findings are not "
                             "made yet. Load the page again in a moment.</p>"
                           : "<p><a href=\"%b/\">What is open now</a></p>");
    put_foot(p, NULL);
}

static bool
make(struct making *m, struct arena *arena, unsigned thread,
     const struct httpd_request *q, struct err *e)
{
    struct page_context *p = &m->p;

    if (!read_url(m, arena, q, e) ||
        (p->c.store = serve_store(m->serve, thread, e)) == NULL ||
        !store_snapshot(p->c.store, p->c.options->as_of, e))
        return false;
    return m->type != NULL ? put_rows(m, e) : put_page(m, e);
}

void
serve_page(struct serve *s, unsigned thread, const struct httpd_request *q,
           struct httpd_answer *a)
{
    struct options options = {0};
    struct terminal terminal = {0};
    struct making m = {.serve = s, .format = VIEW_HTML};
    struct arena arena;
    struct err e = {0};

    arena_init(&arena, 0);
    m.p = (struct page_context){.query = q->query, .source = s->latest, .answer = a};
    m.p.c = (struct context){
        .options = &options, .settings = s->settings, .terminal = &terminal};
    m.p.html = (struct html){&a->body, s->base, ""};
    if (!make(&m, &arena, thread, q, &e))
        put_error(&m, &e);
    if (!m.p.is_bytes) {
        a->type = m.type == NULL ? "text/html; charset=utf-8" : m.type;
        (void)httpd_set_header(a, "Content-Security-Policy", s->policy);
    }
    a->body.max_bytes = 0;
    if (m.p.c.store != NULL)
        store_end(m.p.c.store);
    latest_release(&m.p.latest);
    findings_clear(&m.p.made);
    options_clear(&options);
    arena_clear(&arena);
}
