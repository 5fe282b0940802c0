/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Landlock, by its system calls: the C library has no functions for them, and the kernel's header may be an older one
 * than the kernel. */
#include "config.h" /* O_PATH is one of the system's extensions */

#include "system/sandbox_inside.h"

#include <errno.h>
#include <stdint.h>

#ifdef __linux__
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The same numbers on all machines but Alpha. */
#ifndef SYS_landlock_create_ruleset
#ifdef __alpha__
#define SYS_landlock_create_ruleset 554
#define SYS_landlock_add_rule 555
#define SYS_landlock_restrict_self 556
#else
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif
#endif

/* The kernel's interface, see landlock(7). */
enum { RULE_PATH = 1, RULE_PORT = 2, QUERY_VERSION = 1, VERSION_PORTS = 4, VERSION_SCOPES = 6 };
enum {
	WRITE_FILE = 1 << 1,
	READ_FILE = 1 << 2,
	READ_DIR = 1 << 3,
	REMOVE_DIR = 1 << 4,
	REMOVE_FILE = 1 << 5,
	MAKE_DIR = 1 << 7,
	MAKE_REG = 1 << 8,
	REFER = 1 << 13,
	TRUNCATE = 1 << 14,
	ON_FILES = WRITE_FILE | READ_FILE | TRUNCATE,
};
enum { BIND_TCP = 1 << 0, CONNECT_TCP = 1 << 1 };
enum { ABSTRACT_SOCKETS = 1 << 0, SIGNALS = 1 << 1 };

struct ruleset {
	uint64_t files, ports, scopes;
};

struct path_rule {
	uint64_t allowed;
	int32_t parent;
} __attribute__((packed));

struct port_rule {
	uint64_t allowed, port;
};

/* All rights on files that a version knows. */
static uint64_t known_rights(long version)
{
	static const unsigned char bits[] = { 13, 14, 15, 15, 16 };
	return (UINT64_C(1) << bits[version > 5 ? 4 : version - 1]) - 1;
}

static size_t ruleset_size(long version)
{
	return version < VERSION_PORTS ? 8 : version < VERSION_SCOPES ? 16 : 24;
}

static uint64_t wanted_rights(unsigned rights)
{
	uint64_t wanted = 0;
	if ((rights & SANDBOX_READ) != 0)
		wanted |= READ_FILE | READ_DIR;
	if ((rights & SANDBOX_WRITE) != 0)
		wanted |= WRITE_FILE | TRUNCATE | MAKE_REG | MAKE_DIR | REMOVE_FILE | REMOVE_DIR | REFER;
	if ((rights & SANDBOX_REMOVE) != 0)
		wanted |= REMOVE_FILE;
	if ((rights & SANDBOX_APPEND) != 0)
		wanted |= WRITE_FILE | MAKE_REG;
	return wanted;
}

static int add_path(int rules, uint64_t handled, const char *path, unsigned rights)
{
	struct stat about;
	int fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return 0; /* who cannot get there needs no right to it */
	struct path_rule rule = { .allowed = wanted_rights(rights) & handled, .parent = fd };
	long failed = fstat(fd, &about);
	if (failed == 0 && !S_ISDIR(about.st_mode))
		rule.allowed &= ON_FILES;
	if (failed == 0 && rule.allowed != 0)
		failed = syscall(SYS_landlock_add_rule, rules, RULE_PATH, &rule, 0L);
	int number = errno;
	close(fd);
	errno = number;
	return failed == 0 ? 0 : -1;
}

static struct ruleset make_ruleset(const struct sandbox_config *config, long version)
{
	struct ruleset ruleset = { .files = known_rights(version) };
	if (config->role == SANDBOX_NAMES)
		return ruleset;
	ruleset.ports = BIND_TCP;
	if (config->role == SANDBOX_HOST || config->port != SANDBOX_ANY_PORT)
		ruleset.ports |= CONNECT_TCP;
	/* A face stops the whole job that it is part of, the helper that it forked included. */
	ruleset.scopes = config->role == SANDBOX_HOST ? ABSTRACT_SOCKETS | SIGNALS : ABSTRACT_SOCKETS;
	return ruleset;
}

int sandbox_files_enter(const struct sandbox_config *config)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0L, QUERY_VERSION);
	if (version < 1)
		return 0; /* not there, not switched on, or forbidden by a container */
	struct ruleset ruleset = make_ruleset(config, version);
	int rules = (int)syscall(SYS_landlock_create_ruleset, &ruleset, ruleset_size(version), 0L);
	if (rules < 0)
		return -1;
	int failed = 0;
	for (size_t i = 0; failed == 0 && i < config->count; i++)
		failed = add_path(rules, ruleset.files, config->paths[i].path, config->paths[i].rights);
	if (failed == 0 && version >= VERSION_PORTS && (ruleset.ports & CONNECT_TCP) != 0 && config->port != 0) {
		struct port_rule rule = { .allowed = CONNECT_TCP, .port = config->port };
		failed = (int)syscall(SYS_landlock_add_rule, rules, RULE_PORT, &rule, 0L);
	}
	if (failed == 0)
		failed = (int)syscall(SYS_landlock_restrict_self, rules, 0L);
	int number = errno;
	close(rules);
	errno = number;
	return failed == 0 ? (int)version : -1;
}
#else
int sandbox_files_enter(const struct sandbox_config *config)
{
	return 0;
}
#endif
