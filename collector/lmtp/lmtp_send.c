/* The daemon answers 250 or asks to come again; anything else is a fault on this host,
 * for which the mail server had better keep the mail. */
#include "collector/lmtp/lmtp_send.h"

#include "base/count.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum {
    MAX_REPLY_BYTES = 1024,
};

bool
lmtp_encode(const char *mail, size_t n, struct buf *out)
{
    const char *end = mail + n, *lf;
    size_t len;

    for (; mail < end; mail = lf == NULL ? end : lf + 1) {
        lf = memchr(mail, '\n', (size_t)(end - mail));
        len = (size_t)((lf == NULL ? end : lf) - mail);
        if (len > 0 && lf != NULL && mail[len - 1] == '\r')
            len--;
        if (*mail == '.')
            (void)buf_putc(out, '.');
        (void)buf_append(out, mail, len);
        (void)buf_puts(out, "\r\n");
    }
    return buf_puts(out, ".\r\n") && !out->failed;
}

static bool
send_all(int fd, const char *bytes, size_t n, struct err *e)
{
    ssize_t sent;

    for (; n > 0; bytes += sent, n -= (size_t)sent) {
        sent = send(fd, bytes, n, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            sent = 0;
        if (sent < 0)
            return err_set(e, ERR_AGAIN, "the daemon does not listen: %s",
                           strerror(errno));
    }
    return true;
}

/* Reads one reply, of several lines or not; true when it is of the class wanted. */
static bool
expect(FILE *in, char class, struct err *e)
{
    char line[MAX_REPLY_BYTES];

    do {
        if (fgets(line, sizeof line, in) == NULL)
            return err_set(e, ERR_AGAIN, "the daemon does not answer: %s",
                           ferror(in) ? strerror(errno) : "it has closed");
        line[strcspn(line, "\r\n")] = '\0';
    } while (strlen(line) > 3 && line[3] == '-');
    return line[0] == class || err_set(e, ERR_AGAIN, "the daemon says: %s", line);
}

bool
lmtp_send(int fd, const char *mail, size_t n, struct err *e)
{
    static const char *const commands[] = {"LHLO localhost\r\n", "MAIL FROM:<>\r\n",
                                           "RCPT TO:<tlsrpt@localhost>\r\n"};
    const struct timeval patience = {.tv_sec = LMTP_SEND_TIMEOUT_S};
    FILE *in = fdopen(fd, "r");
    struct buf text;
    bool ok;

    if (in == NULL)
        return err_nomem(e);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    buf_init(&text, 0);
    ok = lmtp_encode(mail, n, &text) ? expect(in, '2', e) : err_nomem(e);
    for (size_t i = 0; ok && i < COUNT_OF(commands); i++)
        ok = send_all(fd, commands[i], strlen(commands[i]), e) && expect(in, '2', e);
    ok = ok && send_all(fd, "DATA\r\n", 6, e) && expect(in, '3', e) &&
         send_all(fd, text.bytes, text.len, e) && expect(in, '2', e);
    if (ok)
        (void)send_all(fd, "QUIT\r\n", 6, NULL);
    buf_clear(&text);
    (void)fclose(in);
    return ok;
}
