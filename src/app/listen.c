/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A host's listening addresses and its own socket. */
#include "app/listen.h"

#include "app/exit_status.h"
#include "base/errors.h"
#include "base/intl.h"
#include "base/paths.h"
#include "wire/address.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static void explain(int err, int number, const char *typed, const struct address *address, char text[LISTEN_TEXT])
{
	switch (err) {
	case TCHAT_ERR_IN_USE:
		if (address->kind == ADDRESS_UNIX)
			snprintf(text, LISTEN_TEXT, _("%s: another program listens on this socket"), typed);
		else
			snprintf(text, LISTEN_TEXT,
			         _("%s: port %s is taken; is a host running already? Join it, or choose another port"),
			         typed, address->service);
		break;
	case TCHAT_ERR_PERMISSION:
		if (address->kind == ADDRESS_UNIX)
			snprintf(text, LISTEN_TEXT, _("%s: you may not make a socket there"), typed);
		else
			snprintf(text, LISTEN_TEXT, _("%s: you may not open port %s; choose one above 1023"), typed,
			         address->service);
		break;
	case TCHAT_ERR_UNREACHABLE:
		snprintf(text, LISTEN_TEXT, _("%s: this is not an address of this machine"), typed);
		break;
	case TCHAT_ERR_NAME_UNKNOWN:
	case TCHAT_ERR_NAME_AGAIN:
		snprintf(text, LISTEN_TEXT, _("%s: the name '%s' is not known; use an address of this machine"), typed,
		         address->node);
		break;
	case TCHAT_ERR_ARGUMENT:
		if (address->kind == ADDRESS_UNIX)
			snprintf(text, LISTEN_TEXT, _("%s: the path is too long for a socket"), typed);
		else
			snprintf(text, LISTEN_TEXT, _("%s: the service '%s' is not known; use a port number"), typed,
			         address->service);
		break;
	case TCHAT_ERR_NOT_SOCKET:
		snprintf(text, LISTEN_TEXT, _("%s: there is a file of another kind; choose another path"), typed);
		break;
	case TCHAT_ERR_NOT_FOUND:
		snprintf(text, LISTEN_TEXT, _("%s: the folder does not exist"), typed);
		break;
	default:
		snprintf(text, LISTEN_TEXT, "%s: %s", typed,
		         err == TCHAT_ERR_SYSTEM ? strerror(number) : tchat_err_text(err));
	}
}

int listen_open(struct loop *loop, const char *typed, const struct listener_callbacks *callbacks,
                struct listener **listener, char text[LISTEN_TEXT])
{
	struct address address;
	int err = address_parse(&address, typed, ADDRESS_HOST);
	if (err != 0) {
		address_explain(err, typed, text, LISTEN_TEXT);
		return EXIT_STATUS_USAGE;
	}
	if (address.kind == ADDRESS_UNIX)
		err = listener_open_unix(loop, address.path, callbacks, listener);
	else
		err = listener_open_tcp(loop, address.node[0] != '\0' ? address.node : NULL, address.service, callbacks,
		                        listener);
	if (err == 0)
		return 0;
	explain(err, errno, typed, &address, text);
	return EXIT_STATUS_UNAVAILABLE;
}

int listen_own(struct loop *loop, unsigned port, const struct listener_callbacks *callbacks,
               struct listener **listener)
{
	char name[32], path[PATHS_MAX];
	if (port != 0)
		snprintf(name, sizeof name, "host-%u", port);
	else
		snprintf(name, sizeof name, "host-pid-%ld", (long)getpid());
	int err = paths_make(PATHS_RUNTIME, name, path);
	return err != 0 ? err : listener_open_unix(loop, path, callbacks, listener);
}

/* Whether somebody listens on a socket. A host accepts at once, so this waits for nobody. */
static int answers(const char *path)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof name.sun_path)
		return 0;
	strcpy(name.sun_path, path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return 0;
	int connected = connect(fd, (const struct sockaddr *)&name, sizeof name) == 0 || errno == EAGAIN;
	close(fd);
	return connected;
}

struct found {
	struct timespec made;
	char path[256];
};

static int newest_first(const void *a, const void *b)
{
	const struct found *left = a, *right = b;
	if (left->made.tv_sec != right->made.tv_sec)
		return left->made.tv_sec < right->made.tv_sec ? 1 : -1;
	return (left->made.tv_nsec < right->made.tv_nsec) - (left->made.tv_nsec > right->made.tv_nsec);
}

int listen_find_own(size_t index, char *path, size_t size)
{
	enum { FOUND_MAX = 64 };
	char folder[PATHS_MAX];
	struct found found[FOUND_MAX];
	size_t count = 0;
	int err = paths_find(PATHS_RUNTIME, folder);
	if (err != 0)
		return err;
	DIR *listing = opendir(folder);
	if (listing == NULL)
		return TCHAT_ERR_NOT_FOUND;
	for (struct dirent *entry; (entry = readdir(listing)) != NULL && count < FOUND_MAX;) {
		struct stat status;
		struct found *one = &found[count];
		int length = snprintf(one->path, sizeof one->path, "%s/%s", folder, entry->d_name);
		if (strncmp(entry->d_name, "host-", 5) != 0 || length < 0 || (size_t)length >= sizeof one->path ||
		    lstat(one->path, &status) != 0 || !S_ISSOCK(status.st_mode) || status.st_uid != geteuid() ||
		    !answers(one->path))
			continue;
		one->made = status.st_mtim;
		count++;
	}
	closedir(listing);
	qsort(found, count, sizeof found[0], newest_first);
	if (index >= count || strlen(found[index].path) >= size)
		return TCHAT_ERR_NOT_FOUND;
	strcpy(path, found[index].path);
	return 0;
}
