/* GMime never sees a mail that mail_plain.h can read, nor the header of any: it gets a
 * header made of Content-Type and Content-Transfer-Encoding as message.h read them, so
 * MIME and DKIM cannot disagree about which field counts, and no address of a stranger is
 * parsed but From. */
#include "collector/mail/mail.h"

#include "base/base64.h"
#include "base/text.h"
#include "collector/mail/mail_plain.h"

#include <gmime/gmime.h>

#include <pthread.h>
#include <string.h>

struct walk {
    struct arena *arena;
    struct mail_reports *out;
    struct err *err;
    size_t parts;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;

/* ---- what a part says of itself ---- */

static const char *
media_type(struct arena *a, GMimeObject *part)
{
    char *text = g_mime_content_type_get_mime_type(g_mime_object_get_content_type(part));
    char *copy = arena_strdup(a, text == NULL ? "" : text);

    g_free(text);
    if (copy != NULL)
        text_lower(copy);
    return copy;
}

static const char *
filename(struct arena *a, GMimePart *part)
{
    const char *name = g_mime_part_get_filename(part);
    size_t n = name == NULL ? 0 : strlen(name);

    return arena_strdup(
        a, n == 0 || n > MAIL_MAX_NAME_BYTES || !text_is_utf8(name, n) ? "" : name);
}

/* ---- the parts ---- */

/* GMime's own base64 loses the last bytes when the padding is missing. */
static bool
decode(struct arena *a, GMimePart *part, struct mail_part *out)
{
    GMimeDataWrapper *content = g_mime_part_get_content(part);
    GMimeStream *stream = g_mime_stream_mem_new();
    GByteArray *bytes;
    bool base64 = false;
    char *copy;

    if (content != NULL) {
        base64 =
            g_mime_data_wrapper_get_encoding(content) == GMIME_CONTENT_ENCODING_BASE64;
        if (base64)
            g_mime_data_wrapper_set_encoding(content, GMIME_CONTENT_ENCODING_BINARY);
        (void)g_mime_data_wrapper_write_to_stream(content, stream);
    }
    bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
    copy = arena_strndup(a, (const char *)bytes->data, bytes->len);
    out->bytes = copy;
    out->byte_count = bytes->len;
    if (base64 && copy != NULL)
        out->byte_count = base64_lax(copy, bytes->len, (unsigned char *)copy);
    g_object_unref(stream);
    return copy != NULL;
}

static bool
take_leaf(struct walk *w, GMimePart *part, bool attached)
{
    struct mail_part p = {.carried = attached ? "inside an attached message" : NULL};

    p.media_type = media_type(w->arena, GMIME_OBJECT(part));
    p.filename = filename(w->arena, part);
    if (p.media_type == NULL || p.filename == NULL)
        return err_nomem(w->err);
    if (!mail_part_declare(&p))
        return true;
    if (!decode(w->arena, part, &p))
        return err_nomem(w->err);
    mail_reports_add(w->out, &p);
    return true;
}

/* Parts that are still to be looked at, the next one on top. */
struct stack {
    struct waiting {
        GMimeObject *part;
        bool attached;
        int depth;
    } parts[MAIL_MAX_PARTS];
    size_t count;
    bool cut; /* there was one too many or too deep */
};

static void
push(struct stack *s, GMimeObject *part, bool attached, int depth)
{
    if (part == NULL)
        return;
    if (depth <= MAIL_MAX_DEPTH && s->count < MAIL_MAX_PARTS)
        s->parts[s->count++] = (struct waiting){part, attached, depth};
    else
        s->cut = true;
}

/* The first part comes on top. */
static void
open_multipart(struct stack *s, GMimeMultipart *parts, const struct waiting *p)
{
    int n = g_mime_multipart_get_count(parts);

    s->cut = s->cut || n > MAIL_MAX_PARTS;
    for (int i = n < MAIL_MAX_PARTS ? n : MAIL_MAX_PARTS; i > 0; i--)
        push(s, g_mime_multipart_get_part(parts, i - 1), p->attached, p->depth + 1);
}

static bool
open_part(struct walk *w, struct stack *s, const struct waiting *p)
{
    GMimeMessage *inner;

    if (GMIME_IS_MULTIPART(p->part)) {
        open_multipart(s, (GMimeMultipart *)p->part, p);
        return true;
    }
    if (!GMIME_IS_MESSAGE_PART(p->part))
        return !GMIME_IS_PART(p->part) || take_leaf(w, (GMimePart *)p->part, p->attached);
    inner = g_mime_message_part_get_message((GMimeMessagePart *)p->part);
    if (inner != NULL)
        push(s, g_mime_message_get_mime_part(inner), true, p->depth + 1);
    return true;
}

static bool
walk_parts(struct walk *w, GMimeObject *root)
{
    struct stack stack = {.count = 0};

    push(&stack, root, false, 0);
    while (stack.count > 0 && ++w->parts <= MAIL_MAX_PARTS) {
        struct waiting next = stack.parts[--stack.count];

        if (!open_part(w, &stack, &next))
            return false;
    }
    w->out->cut = w->out->cut || stack.cut || stack.count > 0;
    return true;
}

/* ---- the mail ---- */

static void
write_field(GMimeStream *stream, const struct message *m, const char *name)
{
    const struct message_field *f = message_find(m, name);

    if (f == NULL)
        return;
    (void)g_mime_stream_write(stream, name, strlen(name));
    (void)g_mime_stream_write(stream, ":", 1);
    (void)g_mime_stream_write(stream, f->value, f->value_len);
    (void)g_mime_stream_write(stream, "\r\n", 2);
}

static GMimeContentType *
content_type(const struct message *m)
{
    const struct message_field *f = message_find(m, "Content-Type");
    GMimeContentType *type = NULL;
    char *text;

    (void)pthread_once(&once, g_mime_init);
    if (f != NULL) {
        text = g_strndup(f->value, f->value_len);
        type = g_mime_content_type_parse(NULL, text);
        g_free(text);
    }
    return type;
}

/* A multipart body is not encoded (RFC 2045 section 6.4), so the encoding, which may not
 * be signed, is left out for it. */
static GMimeObject *
parse(const struct message *m)
{
    GMimeContentType *type = content_type(m);
    GMimeStream *stream = g_mime_stream_mem_new();
    GMimeObject *root;
    GMimeParser *parser;

    write_field(stream, m, "Content-Type");
    if (type == NULL || !g_mime_content_type_is_type(type, "multipart", "*"))
        write_field(stream, m, "Content-Transfer-Encoding");
    g_clear_object(&type);
    (void)g_mime_stream_write(stream, "\r\n", 2);
    (void)g_mime_stream_write(stream, m->body, m->body_len);
    (void)g_mime_stream_reset(stream);
    parser = g_mime_parser_new_with_stream(stream);
    g_mime_parser_set_format(parser, GMIME_FORMAT_MESSAGE);
    root = g_mime_parser_construct_part(parser, NULL);
    g_object_unref(parser);
    g_object_unref(stream);
    return root;
}

/* False when it is for GMime to read: bytes that are needed may be encoded otherwise. */
static bool
find_plain(struct arena *a, const struct message *m, struct mail_reports *out)
{
    struct mail_part parts[MAIL_MAX_REPORTS];
    bool declared = false;
    size_t n;

    if (!mail_plain_read(a, m, parts, &n))
        return false;
    for (size_t i = 0; i < n; i++) {
        (void)mail_part_declare(&parts[i]);
        declared = declared || parts[i].declared;
    }
    for (size_t i = 0; i < n; i++) {
        if (declared ? !parts[i].declared : !mail_part_declare(&parts[i]))
            continue;
        if (parts[i].bytes == NULL)
            return false;
        mail_reports_add(out, &parts[i]);
    }
    return true;
}

bool
mail_find_reports(struct arena *a, const struct message *m, struct mail_reports *out,
                  struct err *e)
{
    struct walk w = {.arena = a, .out = out, .err = e};
    GMimeObject *root;
    bool ok;

    *out = (struct mail_reports){0};
    if (find_plain(a, m, out))
        return true;
    *out = (struct mail_reports){0};
    root = parse(m);
    if (root == NULL)
        return err_set(e, ERR_INPUT, "no MIME structure can be read");
    ok = walk_parts(&w, root);
    g_object_unref(root);
    mail_reports_choose(out);
    return ok;
}

static bool
is_boundary(const char *line, size_t len, const char *boundary, const char *end)
{
    size_t n = strlen(boundary), m = strlen(end);

    while (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\t'))
        len--;
    return len == 2 + n + m && memcmp(line, "--", 2) == 0 &&
           memcmp(line + 2, boundary, n) == 0 && memcmp(line + 2 + n, end, m) == 0;
}

static bool
body_frames(const struct message *m, const char *boundary)
{
    const char *at = m->body, *end = m->body + m->body_len, *line = NULL, *last = NULL;
    size_t len = 0, last_len = 0;

    if (!message_line(&at, end, &line, &len) || !is_boundary(line, len, boundary, ""))
        return false;
    while (message_line(&at, end, &line, &len)) {
        if (len > 0) {
            last = line;
            last_len = len;
        }
    }
    return last != NULL && is_boundary(last, last_len, boundary, "--");
}

bool
mail_is_framed(const struct message *m)
{
    GMimeContentType *type = content_type(m);
    const char *boundary;
    bool framed = false;

    if (type == NULL)
        return false;
    boundary = g_mime_content_type_get_parameter(type, "boundary");
    if (boundary != NULL && boundary[0] != '\0' &&
        g_mime_content_type_is_type(type, "multipart", "*"))
        framed = body_frames(m, boundary);
    g_object_unref(type);
    return framed;
}

/* The domain of the one mailbox that a From may hold, in A-labels; NULL if there is not
 * exactly one. */
static const char *
only_domain(InternetAddressList *list)
{
    InternetAddress *address;
    const char *text;

    if (list == NULL || internet_address_list_length(list) != 1)
        return NULL;
    address = internet_address_list_get_address(list, 0);
    if (!INTERNET_ADDRESS_IS_MAILBOX(address))
        return NULL;
    text = internet_address_mailbox_get_idn_addr(INTERNET_ADDRESS_MAILBOX(address));
    text = text == NULL ? NULL : strrchr(text, '@');
    return text == NULL ? NULL : text + 1;
}

const char *
mail_from_domain(struct arena *a, const struct message *m)
{
    const struct message_field *f = message_find(m, "From");
    InternetAddressList *list;
    const char *domain;
    char *text, *copy;

    (void)pthread_once(&once, g_mime_init);
    if (f == NULL || message_count(m, "From") != 1)
        return "";
    text = message_text(a, f);
    if (text == NULL)
        return NULL;
    list = internet_address_list_parse(NULL, text);
    domain = only_domain(list);
    copy = arena_strdup(a, domain == NULL ? "" : domain);
    if (copy != NULL)
        text_lower(copy);
    g_clear_object(&list);
    return copy;
}
