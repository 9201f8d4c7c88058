/* The only file that knows libetpan. Its own sockets and TLS are not used: it gets a
 * stream that reads and writes our link. */
#include "collector/imap/imap_session.h"

#include "base/base64.h"
#include "collector/imap/imap_link.h"
#include "collector/imap/imap_secret.h"

#include <libetpan/mailimap.h>
#include <libetpan/mailstream.h>
#include <stdlib.h>
#include <string.h>

enum {
    STREAM_BYTES = 8192,
    SMALL_ANSWER_BYTES = 256 * 1024,
    LIST_ANSWER_BYTES = 4 << 20, /* IMAP_MOST_WIDTH lines */
};

struct imap_session {
    const struct imap_place *place;
    struct imap_link *link;
    mailimap *imap;
    bool can_move, can_expunge_some;
};

/* ---- the stream ---- */

static ssize_t
stream_read(mailstream_low *low, void *bytes, size_t n)
{
    return imap_link_read(low->data, bytes, n);
}

static ssize_t
stream_write(mailstream_low *low, const void *bytes, size_t n)
{
    return imap_link_write(low->data, bytes, n);
}

/* The link is the session's. */
static int
stream_close(mailstream_low *low)
{
    (void)low;
    return 0;
}

static int
stream_fd(mailstream_low *low)
{
    (void)low;
    return -1;
}

static void
stream_free(mailstream_low *low)
{
    free(low);
}

static mailstream_low_driver driver = {
    .mailstream_read = stream_read,
    .mailstream_write = stream_write,
    .mailstream_close = stream_close,
    .mailstream_get_fd = stream_fd,
    .mailstream_free = stream_free,
};

/* ---- answers ---- */

/* What came of a command: `refused` is what it means when the server says NO. */
static bool
answered(struct imap_session *s, int result, enum imap_state refused, const char *what,
         struct imap_fault *f)
{
    const char *says = s->imap->imap_response;

    if (result == MAILIMAP_NO_ERROR || result == MAILIMAP_NO_ERROR_AUTHENTICATED ||
        result == MAILIMAP_NO_ERROR_NON_AUTHENTICATED)
        return true;
    if (!imap_link_works(s->link) || result == MAILIMAP_ERROR_STREAM)
        return imap_link_fail(s->link, f);
    switch (result) {
    case MAILIMAP_ERROR_MEMORY:
        return imap_fail(f, IMAP_BUSY, "out of memory");
    case MAILIMAP_ERROR_FATAL:
    case MAILIMAP_ERROR_DONT_ACCEPT_CONNECTION:
        return imap_fail(f, IMAP_NO_CONNECTION, "the server ends the connection: %s",
                         says == NULL ? "" : says);
    case MAILIMAP_ERROR_PARSE:
        return imap_fail(f, IMAP_BAD_ANSWER, "no answer that makes sense to %s", what);
    default:
        return imap_fail(f, refused, "%s: the server says: %s", what,
                         says == NULL ? "" : says);
    }
}

/* ---- opening ---- */

static bool
has(struct imap_session *s, const char *capability)
{
    return mailimap_has_extension(s->imap, capability) != 0;
}

static bool
ask_capabilities(struct imap_session *s, struct imap_fault *f)
{
    struct mailimap_capability_data *data = NULL;
    int result;

    imap_link_allow(s->link, SMALL_ANSWER_BYTES);
    result = mailimap_capability(s->imap, &data);
    if (result == MAILIMAP_NO_ERROR)
        mailimap_capability_data_free(data);
    return answered(s, result, IMAP_BAD_ANSWER, "CAPABILITY", f);
}

static bool
greet(struct imap_session *s, struct imap_fault *f)
{
    mailstream_low *low = mailstream_low_new(s->link, &driver);
    mailstream *stream = low == NULL ? NULL : mailstream_new(low, STREAM_BYTES);
    int result;

    if (stream == NULL) {
        free(low);
        return imap_fail(f, IMAP_BUSY, "out of memory");
    }
    imap_link_allow(s->link, SMALL_ANSWER_BYTES);
    result = mailimap_connect(s->imap, stream);
    return answered(s, result, IMAP_BAD_ANSWER, "the connection", f);
}

/* After the answer nothing may be waiting: it would have been said without TLS. What the
 * server could do before is forgotten. */
static bool
start_tls(struct imap_session *s, struct imap_fault *f)
{
    const struct imap_place *p = s->place;

    if (!ask_capabilities(s, f))
        return false;
    if (!has(s, "STARTTLS"))
        return p->loopback || imap_fail(f, IMAP_NO_TLS, "the server offers no STARTTLS");
    if (s->imap->imap_state != MAILIMAP_STATE_NON_AUTHENTICATED)
        return imap_fail(f, IMAP_NO_TLS, "the server wants no login before TLS");
    if (!answered(s, mailimap_starttls(s->imap), IMAP_NO_TLS, "STARTTLS", f))
        return false;
    if (s->imap->imap_stream->read_buffer_len != 0)
        return imap_fail(f, IMAP_NO_TLS, "the server goes on without TLS");
    return imap_link_secure(s->link, p->host, p->box->ca_file, f);
}

/* RFC 7628. A token that is refused is answered with a challenge, which libetpan takes
 * for no answer. */
static int
oauthbearer(struct imap_session *s, const char *token)
{
    struct buf clear, command;
    int result = MAILIMAP_ERROR_MEMORY;
    char *base64 = NULL;

    buf_init(&clear, 0);
    buf_init(&command, 0);
    if (buf_printf(&clear, "n,a=%s,\1host=%s\1port=%s\1auth=Bearer %s\1\1",
                   s->place->box->user, s->place->host, s->place->port, token) &&
        (base64 = malloc(4 * ((clear.len + 2) / 3) + 1)) != NULL &&
        buf_printf(&command, "AUTHENTICATE OAUTHBEARER %s",
                   base64_encode((const unsigned char *)clear.bytes, clear.len, base64)))
        result = mailimap_custom_command(s->imap, command.bytes);
    if (result == MAILIMAP_NO_ERROR)
        s->imap->imap_state = MAILIMAP_STATE_AUTHENTICATED;
    else if (result == MAILIMAP_ERROR_PARSE)
        result = MAILIMAP_ERROR_LOGIN;
    buf_clear(&clear);
    buf_clear(&command);
    free(base64);
    return result;
}

static bool
log_in(struct imap_session *s, const char *secret, struct imap_fault *f)
{
    const struct imap_box *box = s->place->box;
    bool token = box->token_command != NULL;
    int result;

    imap_link_allow(s->link, SMALL_ANSWER_BYTES);
    if (!token)
        result = mailimap_login(s->imap, box->user, secret);
    else if (!mailimap_has_authentication(s->imap, "XOAUTH2") &&
             mailimap_has_authentication(s->imap, "OAUTHBEARER"))
        result = oauthbearer(s, secret);
    else
        result = mailimap_oauth2_authenticate(s->imap, box->user, secret);
    return answered(s, result, IMAP_NO_LOGIN,
                    token ? "the token is refused" : "user or password is refused", f);
}

static bool
open_session(struct imap_session *s, const char *secret, int stopping,
             struct imap_fault *f)
{
    const struct imap_place *p = s->place;

    if (!imap_link_open(p->host, p->port, stopping, &s->link, f) ||
        (p->tls && !imap_link_secure(s->link, p->host, p->box->ca_file, f)) ||
        !greet(s, f) || (!p->tls && !start_tls(s, f)) || !ask_capabilities(s, f) ||
        (s->imap->imap_state == MAILIMAP_STATE_NON_AUTHENTICATED &&
         !log_in(s, secret, f)) ||
        !ask_capabilities(s, f))
        return false;
    s->can_move = has(s, "MOVE");
    s->can_expunge_some = has(s, "UIDPLUS");
    return true;
}

bool
imap_session_open(const struct imap_place *place, int stopping, struct imap_session **out,
                  struct imap_fault *f)
{
    struct imap_session *s = calloc(1, sizeof *s);
    struct buf secret;
    bool ok;

    if (s == NULL || (s->imap = mailimap_new(0, NULL)) == NULL) {
        free(s);
        return imap_fail(f, IMAP_BUSY, "out of memory");
    }
    s->place = place;
    buf_init(&secret, IMAP_SECRET_BYTES);
    ok = imap_secret_read(place->box->password_file, place->box->token_command, stopping,
                          &secret, f) &&
         open_session(s, secret.bytes, stopping, f);
    if (secret.bytes != NULL)
        explicit_bzero(secret.bytes, secret.size);
    buf_clear(&secret);
    if (ok)
        *out = s;
    else
        imap_session_close(s);
    return ok;
}

void
imap_session_close(struct imap_session *s)
{
    if (s == NULL)
        return;
    if (s->link != NULL)
        imap_link_allow(s->link, SMALL_ANSWER_BYTES);
    mailimap_free(s->imap); /* says LOGOUT where there is a stream */
    imap_link_close(s->link);
    free(s);
}

/* ---- the folder ---- */

bool
imap_session_enter(struct imap_session *s, uint32_t *validity, uint32_t *next,
                   struct imap_fault *f)
{
    const struct mailimap_selection_info *info;
    int result;

    imap_link_allow(s->link, SMALL_ANSWER_BYTES);
    result = s->place->done == IMAP_KEEP ? mailimap_examine(s->imap, s->place->folder)
                                         : mailimap_select(s->imap, s->place->folder);
    if (!answered(s, result, IMAP_NO_FOLDER, "the folder cannot be opened", f))
        return false;
    info = s->imap->imap_selection_info;
    if (info == NULL || info->sel_uidvalidity == 0 || info->sel_uidnext == 0)
        return imap_fail(f, IMAP_BAD_ANSWER,
                         "the server has no lasting numbers for mails");
    *validity = info->sel_uidvalidity;
    *next = info->sel_uidnext;
    return true;
}

/* The static attributes of one line of an answer. */
static const struct mailimap_msg_att_static *
attribute(const struct mailimap_msg_att *line, int type)
{
    for (clistiter *at = clist_begin(line->att_list); at != NULL; at = clist_next(at)) {
        const struct mailimap_msg_att_item *item = clist_content(at);

        if (item->att_type == MAILIMAP_MSG_ATT_ITEM_STATIC &&
            item->att_data.att_static->att_type == type)
            return item->att_data.att_static;
    }
    return NULL;
}

/* Sends UID FETCH. `type` is freed. */
static bool
fetch(struct imap_session *s, uint32_t first, uint32_t last,
      struct mailimap_fetch_type *type, clist **lines, struct imap_fault *f)
{
    struct mailimap_set *set = mailimap_set_new_interval(first, last);
    int result = MAILIMAP_ERROR_MEMORY;

    *lines = NULL;
    if (set != NULL && type != NULL)
        result = mailimap_uid_fetch(s->imap, set, type, lines);
    if (set != NULL)
        mailimap_set_free(set);
    if (type != NULL)
        mailimap_fetch_type_free(type);
    return answered(s, result, IMAP_BAD_ANSWER, "FETCH", f);
}

static int
compare_uids(const void *a, const void *b)
{
    uint32_t x = ((const struct imap_mail *)a)->uid,
             y = ((const struct imap_mail *)b)->uid;

    return (x > y) - (x < y);
}

/* Lines that say something else, of what others do meanwhile, are passed over. */
bool
imap_session_list(struct imap_session *s, uint32_t first, uint32_t last,
                  struct imap_mail **out, size_t *count, struct imap_fault *f)
{
    struct mailimap_fetch_type *type = mailimap_fetch_type_new_fetch_att_list_empty();
    clist *lines;
    size_t n = 0;

    if (type != NULL) {
        (void)mailimap_fetch_type_new_fetch_att_list_add(type,
                                                         mailimap_fetch_att_new_uid());
        (void)mailimap_fetch_type_new_fetch_att_list_add(
            type, mailimap_fetch_att_new_rfc822_size());
    }
    imap_link_allow(s->link, LIST_ANSWER_BYTES);
    if (!fetch(s, first, last, type, &lines, f))
        return false;
    *out = calloc((size_t)clist_count(lines) + 1, sizeof **out);
    for (clistiter *at = clist_begin(lines); *out != NULL && at != NULL;
         at = clist_next(at)) {
        const struct mailimap_msg_att_static *uid = attribute(clist_content(at),
                                                              MAILIMAP_MSG_ATT_UID),
                                             *size =
                                                 attribute(clist_content(at),
                                                           MAILIMAP_MSG_ATT_RFC822_SIZE);

        if (uid != NULL && size != NULL && uid->att_data.att_uid >= first &&
            uid->att_data.att_uid <= last)
            (*out)[n++] =
                (struct imap_mail){uid->att_data.att_uid, size->att_data.att_rfc822_size};
    }
    mailimap_fetch_list_free(lines);
    *count = n;
    if (*out == NULL)
        return imap_fail(f, IMAP_BUSY, "out of memory");
    qsort(*out, n, sizeof **out, compare_uids);
    return true;
}

/* One piece; *got is less than was asked for at the end of the mail. */
static bool
fetch_piece(struct imap_session *s, uint32_t uid, struct buf *out, size_t *got,
            struct imap_fault *f)
{
    struct mailimap_section *section = mailimap_section_new(NULL);
    struct mailimap_fetch_att *att =
        section == NULL ? NULL
                        : mailimap_fetch_att_new_body_peek_section_partial(
                              section, (uint32_t)out->len, IMAP_PIECE_BYTES);
    clist *lines;

    *got = 0;
    imap_link_allow(s->link, IMAP_PIECE_BYTES + SMALL_ANSWER_BYTES);
    if (!fetch(s, uid, uid, att == NULL ? NULL : mailimap_fetch_type_new_fetch_att(att),
               &lines, f))
        return false;
    for (clistiter *at = clist_begin(lines); at != NULL && *got == 0;
         at = clist_next(at)) {
        const struct mailimap_msg_att_static *number = attribute(clist_content(at),
                                                                 MAILIMAP_MSG_ATT_UID),
                                             *body =
                                                 attribute(clist_content(at),
                                                           MAILIMAP_MSG_ATT_BODY_SECTION);

        if (number == NULL || number->att_data.att_uid != uid || body == NULL ||
            body->att_data.att_body_section->sec_body_part == NULL)
            continue;
        *got = body->att_data.att_body_section->sec_length;
        (void)buf_append(out, body->att_data.att_body_section->sec_body_part, *got);
    }
    mailimap_fetch_list_free(lines);
    return true;
}

bool
imap_session_fetch(struct imap_session *s, uint32_t uid, struct buf *out,
                   struct imap_fault *f)
{
    size_t got;

    do {
        if (!fetch_piece(s, uid, out, &got, f))
            return false;
    } while (got == IMAP_PIECE_BYTES && !out->failed);
    return true;
}

/* ---- what is done with ---- */

static bool
flag(struct imap_session *s, struct mailimap_set *set, struct mailimap_flag *flag,
     struct imap_fault *f)
{
    struct mailimap_flag_list *list = mailimap_flag_list_new_empty();
    struct mailimap_store_att_flags *change =
        list == NULL ? NULL : mailimap_store_att_flags_new_add_flags_silent(list);
    int result = MAILIMAP_ERROR_MEMORY;

    if (change != NULL && flag != NULL &&
        (result = mailimap_flag_list_add(list, flag)) == MAILIMAP_NO_ERROR)
        result = mailimap_uid_store(s->imap, set, change);
    if (change != NULL)
        mailimap_store_att_flags_free(change);
    return answered(s, result, IMAP_NO_FOLDER, "mails cannot be marked", f);
}

/* Without UIDPLUS what others have marked would go too: then it stays marked. */
static bool
expunge(struct imap_session *s, struct mailimap_set *set, struct imap_fault *f)
{
    return flag(s, set, mailimap_flag_new_deleted(), f) &&
           (!s->can_expunge_some ||
            answered(s, mailimap_uid_expunge(s->imap, set), IMAP_NO_FOLDER,
                     "mails cannot be deleted", f));
}

static bool
move(struct imap_session *s, struct mailimap_set *set, struct imap_fault *f)
{
    if (s->can_move)
        return answered(s, mailimap_uid_move(s->imap, set, s->place->target),
                        IMAP_NO_FOLDER, "mails cannot be moved", f);
    return answered(s, mailimap_uid_copy(s->imap, set, s->place->target), IMAP_NO_FOLDER,
                    "mails cannot be moved", f) &&
           expunge(s, set, f);
}

bool
imap_session_finish(struct imap_session *s, const uint32_t uids[], size_t n,
                    struct imap_fault *f)
{
    struct mailimap_set *set;
    bool ok = true;

    if (n == 0 || s->place->done == IMAP_KEEP)
        return true;
    if ((set = mailimap_set_new_empty()) == NULL)
        return imap_fail(f, IMAP_BUSY, "out of memory");
    for (size_t i = 0; i < n; i++)
        ok = mailimap_set_add_single(set, uids[i]) == MAILIMAP_NO_ERROR && ok;
    imap_link_allow(s->link, SMALL_ANSWER_BYTES);
    if (!ok)
        (void)imap_fail(f, IMAP_BUSY, "out of memory");
    else if (s->place->done == IMAP_SEEN)
        ok = flag(s, set, mailimap_flag_new_seen(), f);
    else if (s->place->done == IMAP_MOVE)
        ok = move(s, set, f);
    else
        ok = expunge(s, set, f);
    mailimap_set_free(set);
    return ok;
}
