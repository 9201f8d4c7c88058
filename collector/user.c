#include "collector/user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool
user_become(const struct settings *s, struct err *e)
{
    const char *dir = s->state_dir;
    const struct passwd *user;
    struct stat st;

    if (geteuid() != 0)
        return true;
    if ((user = getpwnam(s->user)) == NULL)
        return err_set(
            e, ERR_CONFIG,
            "there is no user %s: useradd --system --shell /usr/sbin/nologin %s", s->user,
            s->user);
    if (user->pw_uid == 0)
        return err_set(e, ERR_CONFIG, "the user \"%s\" must not be root", s->user);
    if (mkdir(dir, 0755) != 0 && errno != EEXIST)
        return err_set(e, ERR_CONFIG, "cannot make %s: %s", dir, strerror(errno));
    if (lstat(dir, &st) != 0 || !S_ISDIR(st.st_mode))
        return err_set(e, ERR_CONFIG, "%s is no directory", dir);
    /* One that is another user's is in use by that user, and not ours to take. */
    if (st.st_uid == 0 && lchown(dir, user->pw_uid, user->pw_gid) != 0)
        return err_set(e, ERR_CONFIG, "cannot give %s to %s: %s", dir, user->pw_name,
                       strerror(errno));
    if (initgroups(user->pw_name, user->pw_gid) != 0 || setgid(user->pw_gid) != 0 ||
        setuid(user->pw_uid) != 0)
        return err_set(e, ERR_CONFIG, "cannot become %s: %s", s->user, strerror(errno));
    return true;
}
