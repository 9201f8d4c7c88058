/* Result types: what failed, and what each word means. */
#include "analyzer/analysis/explain.h"
#include "analyzer/pages/page.h"

/* Those that RFC 8460 knows, and what this program says of them. */
static bool
show(struct page_context *p, struct err *e)
{
    html_put(&p->html,
             "<h1>Result types</h1><p class=\"lead\">What failed, by result type "
             "and domain, as told by reports that can be believed.</p>");
    page_form(p, OPTION_SINCE | OPTION_DOMAIN | OPTION_SENDER | OPTION_TRUST |
                     PAGE_BELIEVED);
    if (!page_table(p, &cmd_results, "Failures by result type and domain", e))
        return false;
    html_put(&p->html, "<h2>What they mean</h2>\n");
    for (size_t i = 0; i < explain_count; i++) {
        const struct explanation *x = &explain_table[i];

        if (x->area == EXPLAIN_RESULT)
            html_put(&p->html,
                     "<section class=\"card\" id=\"%s\"><h3>%s</h3><p>That is: %s.</p>"
                     "<p>%s</p><p class=\"dim\">Usual owner: %s</p></section>\n",
                     x->word, x->word, x->plain, x->remedy, x->owner);
    }
    return true;
}

const struct page page_results = {
    .path = "/results",
    .title = "Result types",
    .menu = "Result types",
    .options = PAGE_FIGURES,
    .defaults = (const char *const[]){"--since=7d", NULL},
    .command = &cmd_results,
    .show = show,
};
