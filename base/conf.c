/* The only file that knows libConfuse. Its options are built from the table of keys, its
 * values are copied out and its memory is gone when the call returns. */
#include "base/conf.h"

#include "base/conf_scan.h"
#include "base/text.h"

#include <confuse.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    MAX_FILE_BYTES = 16 << 20,
};

/* libConfuse's error function gets no context of ours. */
static _Thread_local struct {
    const char *name;
    struct err *e;
} current;

struct fill {
    const char *name;
    const struct conf_places *places;
    struct arena *arena;
    struct err *e;
};

__attribute__((format(printf, 2, 0))) static void
report_error(cfg_t *cfg, const char *fmt, va_list ap)
{
    char text[256];

    (void)vsnprintf(text, sizeof text, fmt, ap);
    (void)err_set(current.e, ERR_CONFIG, "%s:%d: %s", current.name, cfg->line, text);
}

/* NOLINTBEGIN(misc-no-recursion): as deep as the table of keys is */

static cfg_opt_t *build_options(const struct conf_key *keys, struct arena *a);

static bool
build_option(const struct conf_key *k, cfg_opt_t *o, struct arena *a)
{
    static const cfg_opt_t text = CFG_STR("", NULL, CFGF_NONE),
                           number = CFG_INT("", 0, CFGF_NONE),
                           on = CFG_BOOL("", cfg_false, CFGF_NONE),
                           list = CFG_STR_LIST("", NULL, CFGF_NONE),
                           section = CFG_SEC("", NULL, CFGF_NONE),
                           titled = CFG_SEC(
                               "", NULL, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES);
    static const cfg_opt_t *const forms[] = {
        [CONF_TEXT] = &text, [CONF_NUMBER] = &number,   [CONF_SWITCH] = &on,
        [CONF_LIST] = &list, [CONF_SECTION] = &section, [CONF_TITLED] = &titled,
    };

    memcpy(o, forms[k->type], sizeof *o);
    o->name = k->name;
    o->def.string = k->text;
    o->def.number = (long)k->number;
    o->def.boolean = k->number != 0 ? cfg_true : cfg_false;
    if (k->keys != NULL)
        o->subopts = build_options(k->keys, a);
    return k->keys == NULL || o->subopts != NULL;
}

static cfg_opt_t *
build_options(const struct conf_key *keys, struct arena *a)
{
    static const cfg_opt_t end = CFG_END();
    cfg_opt_t *options;
    size_t n = 0;

    while (keys[n].name != NULL)
        n++;
    if ((options = arena_array(a, n + 1, sizeof *options)) == NULL)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        if (!build_option(&keys[i], &options[i], a))
            return NULL;
    }
    memcpy(&options[n], &end, sizeof end);
    return options;
}

static bool
put_text(const struct fill *f, const char *value, const char **out)
{
    *out = value == NULL ? NULL : arena_strdup(f->arena, value);
    return value == NULL || *out != NULL || err_nomem(f->e);
}

static bool
put_list(const struct fill *f, cfg_t *cfg, const char *name, struct settings_list *out)
{
    out->count = cfg_size(cfg, name);
    out->items = arena_array(f->arena, out->count, sizeof *out->items);
    if (out->items == NULL)
        return err_nomem(f->e);
    for (size_t i = 0; i < out->count; i++) {
        if (!put_text(f, cfg_getnstr(cfg, name, (unsigned)i), &out->items[i]))
            return false;
    }
    return true;
}

static bool put_keys(const struct fill *f, cfg_t *cfg, const struct conf_key *keys,
                     const char *prefix, char *out);

static bool
put_titled(const struct fill *f, cfg_t *cfg, const struct conf_key *k, const char *path,
           struct conf_titled *out)
{
    char *element;

    out->count = cfg_size(cfg, k->name);
    if ((out->items = arena_array(f->arena, out->count, k->element_bytes)) == NULL)
        return err_nomem(f->e);
    element = out->items;
    for (size_t i = 0; i < out->count; i++, element += k->element_bytes) {
        cfg_t *section = cfg_getnsec(cfg, k->name, (unsigned)i);
        const char *below = arena_printf(f->arena, "%s/%s/", path, cfg_title(section));

        if (below == NULL)
            return err_nomem(f->e);
        if (!put_text(f, cfg_title(section), (const char **)(void *)element) ||
            !put_keys(f, section, k->keys, below, element))
            return false;
    }
    return true;
}

static bool
put_key(const struct fill *f, cfg_t *cfg, const struct conf_key *k, const char *path,
        char *out)
{
    void *value = out + k->offset;
    const char *below;
    int64_t number;

    switch (k->type) {
    case CONF_TEXT:
        return put_text(f, cfg_getstr(cfg, k->name), value);
    case CONF_NUMBER:
        number = cfg_getint(cfg, k->name);
        *(int64_t *)value = number;
        return (number >= k->min && number <= k->max) ||
               err_set(f->e, ERR_CONFIG, "%s:%d: %s is %jd, must be %jd to %jd", f->name,
                       conf_line(f->places, path), path, (intmax_t)number,
                       (intmax_t)k->min, (intmax_t)k->max);
    case CONF_SWITCH:
        *(bool *)value = cfg_getbool(cfg, k->name) == cfg_true;
        return true;
    case CONF_LIST:
        return put_list(f, cfg, k->name, value);
    case CONF_SECTION:
        below = arena_printf(f->arena, "%s/", path);
        return below != NULL ? put_keys(f, cfg_getsec(cfg, k->name), k->keys, below, out)
                             : err_nomem(f->e);
    case CONF_TITLED:
        return put_titled(f, cfg, k, path, value);
    }
    return err_set(f->e, ERR_BUG, "unknown type of setting %s", path);
}

static bool
put_keys(const struct fill *f, cfg_t *cfg, const struct conf_key *keys,
         const char *prefix, char *out)
{
    for (const struct conf_key *k = keys; k->name != NULL; k++) {
        const char *path = arena_printf(f->arena, "%s%s", prefix, k->name);

        if (path == NULL)
            return err_nomem(f->e);
        if (!put_key(f, cfg, k, path, out))
            return false;
    }
    return true;
}

/* NOLINTEND(misc-no-recursion) */

bool
conf_parse(const char *name, const char *text, const struct conf_key *keys, void *out,
           struct arena *a, struct err *e)
{
    struct conf_places places;
    struct fill fill = {.name = name, .places = &places, .arena = a, .e = e};
    struct arena scratch;
    struct buf literal;
    cfg_opt_t *options;
    cfg_t *cfg = NULL;
    bool ok = false;

    arena_init(&scratch, 0);
    buf_init(&literal, 0);
    current.name = name;
    current.e = e;
    if (!conf_scan(name, text, &scratch, &literal, &places, e))
        goto out;
    options = build_options(keys, &scratch);
    if (options == NULL || (cfg = cfg_init(options, CFGF_NONE)) == NULL) {
        (void)err_nomem(e);
        goto out;
    }
    (void)cfg_set_error_function(cfg, report_error);
    if (cfg_parse_buf(cfg, literal.bytes != NULL ? literal.bytes : "") != CFG_SUCCESS) {
        (void)err_set(e, ERR_CONFIG, "%s: cannot be read", name);
        goto out;
    }
    ok = put_keys(&fill, cfg, keys, "", out);
out:
    if (cfg != NULL)
        (void)cfg_free(cfg);
    buf_clear(&literal);
    arena_clear(&scratch);
    return ok;
}

bool
conf_read(const char *path, const struct conf_key *keys, void *out, struct arena *a,
          struct err *e)
{
    FILE *file = fopen(path, "re");
    struct buf text;
    char block[4096];
    size_t n;
    bool ok = false;

    if (file == NULL)
        return err_set(e, ERR_CONFIG, "cannot open %s: %s", path, strerrordesc_np(errno));
    buf_init(&text, MAX_FILE_BYTES);
    while ((n = fread(block, 1, sizeof block, file)) > 0)
        (void)buf_append(&text, block, n);
    if (ferror(file) || text.failed)
        (void)err_set(e, ERR_CONFIG, "cannot read %s", path);
    else if (text.bytes != NULL && strlen(text.bytes) != text.len)
        (void)err_set(e, ERR_CONFIG, "%s: holds a NUL byte", path);
    else
        ok = conf_parse(path, text.bytes != NULL ? text.bytes : "", keys, out, a, e);
    (void)fclose(file);
    buf_clear(&text);
    return ok;
}

/* ---- printing ---- */

static void
print_value(struct buf *out, const struct conf_key *k, const void *value, int indent)
{
    const char *text = k->type == CONF_TEXT ? *(const char *const *)value : "";
    const struct settings_list *list = value;

    if (text == NULL) {
        (void)buf_printf(out, "%*s# %s is not set\n", indent, "", k->name);
        return;
    }
    (void)buf_printf(out, "%*s%s = ", indent, "", k->name);
    if (k->type == CONF_TEXT)
        (void)text_quote(out, text);
    else if (k->type == CONF_NUMBER)
        (void)buf_printf(out, "%jd", (intmax_t) * (const int64_t *)value);
    else if (k->type == CONF_SWITCH)
        (void)buf_puts(out, *(const bool *)value ? "true" : "false");
    else {
        (void)buf_putc(out, '{');
        for (size_t i = 0; i < list->count; i++) {
            (void)buf_puts(out, i > 0 ? ", " : "");
            (void)text_quote(out, list->items[i]);
        }
        (void)buf_putc(out, '}');
    }
    (void)buf_putc(out, '\n');
}

/* NOLINTBEGIN(misc-no-recursion): as deep as the table of keys is */
static void
print_keys(struct buf *out, const struct conf_key *keys, const char *in, int indent)
{
    const struct conf_titled *titled;
    const char *element;

    for (const struct conf_key *k = keys; k->name != NULL; k++) {
        switch (k->type) {
        case CONF_SECTION:
            (void)buf_printf(out, "%*s%s {\n", indent, "", k->name);
            print_keys(out, k->keys, in, indent + 4);
            (void)buf_printf(out, "%*s}\n", indent, "");
            break;
        case CONF_TITLED:
            titled = (const void *)(in + k->offset);
            element = titled->items;
            for (size_t i = 0; i < titled->count; i++, element += k->element_bytes) {
                (void)buf_printf(out, "%*s%s ", indent, "", k->name);
                (void)text_quote(out, *(const char *const *)(const void *)element);
                (void)buf_puts(out, " {\n");
                print_keys(out, k->keys, element, indent + 4);
                (void)buf_printf(out, "%*s}\n", indent, "");
            }
            break;
        case CONF_TEXT:
        case CONF_NUMBER:
        case CONF_SWITCH:
        case CONF_LIST:
            print_value(out, k, in + k->offset, indent);
        }
    }
}

/* NOLINTEND(misc-no-recursion) */

bool
conf_print(const struct conf_key *keys, const void *in, struct buf *out)
{
    print_keys(out, keys, in, 0);
    return !out->failed;
}
