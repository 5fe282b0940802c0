/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Listening UNIX sockets: a file that is ours alone, and what a dead process left in its place. */
#include "config.h"

#include "base/errors.h"
#include "net/address.h"
#include "net/listener_inside.h"
#include "net/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* How often, every 10 ms, the folder's lock is asked for before doing without. */
enum { LOCK_ATTEMPTS = 50, LOCK_PAUSE_MS = 10 };

/* Two hosts that start at once must not take each other's socket, bound but not listening yet, for a dead
 * one. The folder itself is locked: that leaves nothing behind. Where it cannot be, or a stranger holds
 * the lock, the check is as good as without. Returns a descriptor to close, or -1. */
static int lock_folder(const char *path)
{
#ifdef HAVE_FLOCK
	const char *slash = strrchr(path, '/');
	char folder[sizeof((struct sockaddr_un *)0)->sun_path] = ".";
	if (slash != NULL) {
		size_t length = slash == path ? 1 : (size_t)(slash - path);
		memcpy(folder, path, length);
		folder[length] = '\0';
	}
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; fd >= 0 && i < LOCK_ATTEMPTS; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0 || (errno != EWOULDBLOCK && errno != EINTR))
			break;
		poll(NULL, 0, LOCK_PAUSE_MS);
	}
	return fd;
#else
	return -1;
#endif
}

/* Who answers at the address? 0: nobody, it may be removed; or a negative error with errno set. */
static int probe(const struct net_address *address)
{
	int fd = socket_new(AF_UNIX);
	if (fd < 0)
		return net_err(errno);
	int number = connect(fd, &address->any, address->length) < 0 ? errno : 0;
	close(fd);
	switch (number) {
	case ECONNREFUSED: /* a file that no process listens behind */
	case ENOENT:       /* gone in the meantime */
		return 0;
	case 0:
	case EAGAIN:      /* its queue is full */
	case EINPROGRESS:
	case EPROTOTYPE: /* a datagram socket */
		net_err(EADDRINUSE);
		return TCHAT_ERR_IN_USE;
	default:
		return net_err(number);
	}
}

static int remove_stale(const struct net_address *address, const char *path)
{
	struct stat file;
	if (lstat(path, &file) < 0)
		return errno == ENOENT ? 0 : net_err(errno);
	if (!S_ISSOCK(file.st_mode)) {
		errno = ENOTSOCK;
		return TCHAT_ERR_NOT_SOCKET;
	}
	int err = probe(address);
	if (err != 0)
		return err;
	return unlink(path) < 0 && errno != ENOENT ? net_err(errno) : 0;
}

static int bind_path(int fd, const struct net_address *address, const char *path)
{
	for (int attempt = 0;; attempt++) {
		if (bind(fd, &address->any, address->length) == 0)
			break;
		if (errno != EADDRINUSE || attempt > 0)
			return net_err(errno);
		int err = remove_stale(address, path);
		if (err != 0)
			return err;
	}
	/* Nobody can connect before listen(): so a change of the mode here is early enough, and the
	 * process's umask, which other threads share, stays alone. */
	if (chmod(path, S_IRUSR | S_IWUSR) == 0)
		return 0;
	int kept = errno;
	unlink(path);
	return net_err(kept);
}

void listener_remove_file(struct listener *listener)
{
	struct stat file;
	if (listener->path == NULL)
		return;
	if (lstat(listener->path, &file) == 0 && S_ISSOCK(file.st_mode) && file.st_dev == listener->device &&
	    file.st_ino == listener->inode)
		unlink(listener->path);
	free(listener->path);
	listener->path = NULL;
}

static int open_in(struct listener *listener, const struct net_address *address, const char *path)
{
	char text[NET_ADDRESS_TEXT];
	struct stat file;
	int fd = socket_new(AF_UNIX);
	if (fd < 0)
		return net_err(errno);
	int err = bind_path(fd, address, path);
	if (err != 0) {
		int kept = errno;
		close(fd);
		errno = kept;
		return err;
	}
	net_address_text(address, text);
	listener_add(listener, fd, text);
	if (lstat(path, &file) < 0)
		return net_err(errno);
	listener->device = file.st_dev;
	listener->inode = file.st_ino;
	listener->path = strdup(path);
	if (listener->path == NULL) {
		unlink(path);
		return net_err(ENOMEM);
	}
	return listener_start(listener);
}

int listener_open_unix(struct loop *loop, const char *path, const struct listener_callbacks *callbacks,
                       struct listener **out)
{
	struct net_address address;
	int err = net_address_unix(&address, path);
	if (err != 0)
		return err;
	struct listener *listener = listener_new(loop, callbacks, 1);
	if (listener == NULL)
		return net_err(ENOMEM);
	int lock = lock_folder(path);
	err = open_in(listener, &address, path);
	int kept = errno;
	if (lock >= 0)
		close(lock);
	if (err == 0)
		*out = listener;
	else
		listener_free(listener);
	errno = kept;
	return err;
}
