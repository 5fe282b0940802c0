/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a process gives up before it talks to strangers: programs, other processes, other files, other sockets. */
#ifndef TCHAT_SYSTEM_SANDBOX_H
#define TCHAT_SYSTEM_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

/* A host neither opens nor names sockets any more, it accepts. A face dials. The names' helper looks up names: it may read
 * every file, load libraries, and talk to servers. */
enum sandbox_role { SANDBOX_HOST, SANDBOX_FACE, SANDBOX_NAMES };

/* What may be done below a path: read it; make, write, rename and remove files and folders; remove files only; or make
 * and write files only. */
enum { SANDBOX_READ = 1, SANDBOX_WRITE = 2, SANDBOX_REMOVE = 4, SANDBOX_APPEND = 8 };

enum { SANDBOX_PATHS = 48, SANDBOX_ANY_PORT = 65536 };

struct sandbox_config {
	enum sandbox_role role;
	size_t count;
	struct {
		const char *path; /* one that is not there is left out */
		unsigned rights;
	} paths[SANDBOX_PATHS];
	unsigned port;    /* of a face: the only one that it may connect to by TCP; 0: none; SANDBOX_ANY_PORT */
};

/* What is in force. */
struct sandbox {
	bool switched_off; /* not asked for */
	bool watched;      /* by valgrind or sanitizers, which do what no sandbox allows: only no_new_privs is set */
	bool no_new_privs; /* no program that is started gets more rights than this one */
	bool calls;        /* seccomp: calls that are not needed fail */
	int files;         /* the version of Landlock that keeps to the paths; 0: none does */
};

/* Adds a path (not copied). What does not fit, or is NULL, is left out. */
void sandbox_allow(struct sandbox_config *config, const char *path, unsigned rights);

/* Enters, for good, for this process and its later children; call it before the first thread. What the kernel does not
 * have is left out, and out says so. 0; or TCHAT_ERR_SYSTEM with errno set: something that there is could not be set up,
 * and the process had better end. */
int sandbox_enter(const struct sandbox_config *config, struct sandbox *out);

#endif
