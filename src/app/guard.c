/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Own folders may be written, the system's data be read, and nothing else is there. */
#include "app/guard.h"

#include "app/data_place.h"
#include "app/exit_status.h"
#include "base/errors.h"
#include "base/file.h"
#include "base/intl.h"
#include "base/paths.h"
#include "base/wipe.h"
#include "net/names.h"
#include "store/folder.h"
#include "system/detach.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Paths that are put together here live as long as this. */
struct paths {
	struct sandbox_config config;
	char *made[SANDBOX_PATHS];
	size_t count;
};

static void allow(struct paths *paths, const char *path, unsigned rights)
{
	sandbox_allow(&paths->config, path, rights);
}

static void allow_copy(struct paths *paths, const char *path, size_t length, unsigned rights)
{
	char *copy = paths->count < SANDBOX_PATHS ? strndup(path, length) : NULL;
	if (copy == NULL)
		return;
	paths->made[paths->count++] = copy;
	allow(paths, copy, rights);
}

static void forget(struct paths *paths)
{
	for (size_t i = 0; i < paths->count; i++)
		free(paths->made[i]);
}

/* What libraries read when they feel like it: more of themselves, translations, the time zone, random numbers. */
static void allow_system(struct paths *paths)
{
	static const char *const read[] = { "/usr", "/lib", "/lib64", "/nix/store", "/gnu/store", LOCALEDIR, "/etc/localtime",
		                            "/etc/gnutls", "/etc/crypto-policies", "/dev/urandom", "/dev/random" };
	tzset();
	for (size_t i = 0; i < sizeof read / sizeof read[0]; i++)
		allow(paths, read[i], SANDBOX_READ);
	allow(paths, "/dev/null", SANDBOX_READ | SANDBOX_WRITE);
}

/* The folder that a path's file is in, behind links. */
static void allow_folder_of(struct paths *paths, const char *path, unsigned rights)
{
	char folder[PATHS_MAX], real[PATH_MAX];
	if (realpath(path, real) != NULL && file_folder(real, folder) == 0)
		allow_copy(paths, folder, strlen(folder), rights);
}

/* One of tchat's folders, made if it can be; name: a file in it that may be a link to elsewhere, or NULL. */
static void allow_own(struct paths *paths, enum paths_kind kind, const char *name, unsigned rights)
{
	char path[PATHS_MAX];
	struct stat status;
	(void)((rights & SANDBOX_WRITE) != 0 ? paths_make(kind, NULL, path) : 0);
	if (paths_of(kind, NULL, path) == 0)
		allow_copy(paths, path, strlen(path), rights);
	if (name != NULL && paths_of(kind, name, path) == 0 && lstat(path, &status) == 0 && S_ISLNK(status.st_mode))
		allow_folder_of(paths, path, rights);
}

static void allow_below_home(struct paths *paths, const char *name)
{
	char path[PATHS_MAX];
	const char *home = getenv("HOME");
	if (home != NULL && home[0] == '/' && snprintf(path, sizeof path, "%s/%s", home, name) < (int)sizeof path)
		allow_copy(paths, path, strlen(path), SANDBOX_READ);
}

/* Descriptions of terminals, and readline's settings. */
static void allow_terminal(struct paths *paths)
{
	const char *at = getenv("TERMINFO_DIRS");
	while (at != NULL && *at != '\0') {
		size_t length = strcspn(at, ":");
		if (length > 0)
			allow_copy(paths, at, length, SANDBOX_READ);
		at += length + (at[length] == ':' ? 1 : 0);
	}
	allow(paths, getenv("TERMINFO"), SANDBOX_READ);
	allow(paths, "/etc/terminfo", SANDBOX_READ);
	allow_below_home(paths, ".terminfo");
	allow(paths, getenv("INPUTRC"), SANDBOX_READ);
	allow(paths, "/etc/inputrc", SANDBOX_READ);
	allow_below_home(paths, ".inputrc");
}

static int enter(struct paths *paths, const struct options *options, struct sandbox *sandbox, char why[GUARD_TEXT])
{
	int err = 0;
	*sandbox = (struct sandbox){ .switched_off = options->no_sandbox };
	if (!options->no_sandbox)
		err = sandbox_enter(&paths->config, sandbox);
	if (err == 0)
		return 0;
	snprintf(why, GUARD_TEXT, _("the sandbox could not be set up: %s; --no-sandbox does without"), strerror(errno));
	return EXIT_STATUS_SYSTEM;
}

/* --- The face */

static void serve_names(int fd, struct talk_place *place)
{
	struct sandbox_config config = { .role = SANDBOX_NAMES };
	struct sandbox sandbox;
	wipe(place, sizeof *place);
	detach(&fd, 1);
	detach_with_parent();
	sandbox_allow(&config, "/", SANDBOX_READ);
	if (sandbox_enter(&config, &sandbox) == 0)
		names_serve(fd);
	_exit(0);
}

/* Whether numbers say it all. */
static bool is_numeric(const struct address *address)
{
	struct names_answer answer;
	names_look_up(address->node, address->service, true, &answer);
	return answer.err == 0;
}

static int start_names(struct talk_place *place)
{
	int ends[2];
	pid_t child = -1;
	if (place->address.kind != ADDRESS_TCP || is_numeric(&place->address))
		return 0;
	fflush(NULL);
	if (names_pair(ends) == 0 && (child = fork()) < 0) {
		close(ends[0]);
		close(ends[1]);
	}
	if (child < 0) {
		say(_("cannot start looking up names: %s"), strerror(errno));
		return EXIT_STATUS_SYSTEM;
	}
	if (child == 0)
		serve_names(ends[1], place);
	close(ends[1]);
	place->names = ends[0];
	return 0;
}

int guard_face(const struct options *options, struct talk_place *place)
{
	struct paths paths = { .config = { .role = SANDBOX_FACE } };
	const struct address *address = &place->address;
	char why[GUARD_TEXT];
	place->names = -1;
	int status = options->no_sandbox ? 0 : start_names(place);
	if (status != 0)
		return status;
	allow_system(&paths);
	allow_terminal(&paths);
	allow_own(&paths, PATHS_DATA, "known_hosts", SANDBOX_READ | SANDBOX_WRITE);
	if (options->mode != MODE_PING) {
		allow_own(&paths, PATHS_CONFIG, "tchatrc", SANDBOX_READ | SANDBOX_WRITE);
		allow_own(&paths, PATHS_STATE, NULL, SANDBOX_READ | SANDBOX_WRITE);
	}
	allow_own(&paths, PATHS_RUNTIME, NULL, SANDBOX_READ);
	if (address->kind == ADDRESS_TCP) {
		paths.config.port = (unsigned)strtoul(address->service, NULL, 10);
		if (paths.config.port == 0) /* a service's name */
			paths.config.port = SANDBOX_ANY_PORT;
	}
	status = enter(&paths, options, &place->sandbox, why);
	if (status != 0)
		say("%s", why);
	else if (options->verbose && options->face != FACE_SCREEN) {
		guard_describe(&place->sandbox, why);
		say("%s", why);
	}
	forget(&paths);
	return status;
}

/* --- The host */

/* The sockets that it removes at its end. */
static void allow_sockets(struct paths *paths, const struct options *options)
{
	struct address address;
	for (size_t i = 0; i < options->host_count; i++)
		if (address_parse(&address, options->hosts[i], ADDRESS_HOST) == ADDRESS_OK && address.kind == ADDRESS_UNIX)
			allow_folder_of(paths, address.path, SANDBOX_REMOVE);
	allow_own(paths, PATHS_RUNTIME, NULL, SANDBOX_READ | SANDBOX_WRITE);
}

int guard_host(const struct options *options, const char *folder, const char *log, struct sandbox *sandbox,
               char why[GUARD_TEXT])
{
	struct paths paths = { .config = { .role = SANDBOX_HOST } };
	char place[PATHS_MAX] = "";
	if (folder[0] == '\0' && !options->insecure && data_place(options->hosts[0], place) == 0)
		folder = place; /* of the key alone */
	if (folder[0] != '\0')
		(void)folder_make(folder); /* who opens it complains better */
	allow_system(&paths);
	allow(&paths, folder, SANDBOX_READ | SANDBOX_WRITE);
	allow_own(&paths, PATHS_CONFIG, "tchatrc", SANDBOX_READ);
	allow_sockets(&paths, options);
	if (log != NULL)
		allow_folder_of(&paths, log, SANDBOX_APPEND);
	int status = enter(&paths, options, sandbox, why);
	forget(&paths);
	return status;
}

void guard_describe(const struct sandbox *sandbox, char text[GUARD_TEXT])
{
	if (sandbox->switched_off)
		snprintf(text, GUARD_TEXT, "%s", _("sandbox: off (--no-sandbox)"));
	else if (sandbox->watched)
		snprintf(text, GUARD_TEXT, "%s", _("sandbox: no new rights; the rest is off under a sanitizer or valgrind"));
	else if (sandbox->files > 0 && sandbox->calls)
		snprintf(text, GUARD_TEXT, _("sandbox: files (Landlock %d) and system calls (seccomp)"), sandbox->files);
	else if (sandbox->files > 0)
		snprintf(text, GUARD_TEXT, _("sandbox: files (Landlock %d); there is no seccomp"), sandbox->files);
	else if (sandbox->calls)
		snprintf(text, GUARD_TEXT, "%s", _("sandbox: system calls (seccomp); there is no Landlock"));
	else
		snprintf(text, GUARD_TEXT, "%s", _("no sandbox: there is neither Landlock nor seccomp on this system, or they are forbidden"));
}
