/* SPDX-License-Identifier: GPL-3.0-or-later */
/* no_new_privs, and both halves in their order: Landlock's own calls are none that seccomp lets through. */
#include "config.h"

#include "system/sandbox_inside.h"

#include "base/errors.h"

#ifdef HAVE_SYS_PRCTL_H
#include <sys/prctl.h>
#endif
#ifdef HAVE_VALGRIND_VALGRIND_H
#include <valgrind/valgrind.h>
#endif

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define SANITIZED 1
#elif defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif

/* Sanitizers start programs and trace their own process, valgrind makes code and calls the system for itself. */
static bool is_watched(void)
{
#ifdef SANITIZED
	return true;
#elif defined RUNNING_ON_VALGRIND
	return RUNNING_ON_VALGRIND > 0;
#else
	return false;
#endif
}

void sandbox_allow(struct sandbox_config *config, const char *path, unsigned rights)
{
	if (path == NULL || path[0] == '\0' || config->count == SANDBOX_PATHS)
		return;
	config->paths[config->count].path = path;
	config->paths[config->count].rights = rights;
	config->count++;
}

int sandbox_enter(const struct sandbox_config *config, struct sandbox *out)
{
	*out = (struct sandbox){ .watched = is_watched() };
#ifdef PR_SET_NO_NEW_PRIVS
	out->no_new_privs = prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) == 0;
#endif
	if (out->watched || !out->no_new_privs)
		return 0;
	out->files = sandbox_files_enter(config);
	if (out->files < 0)
		return TCHAT_ERR_SYSTEM;
	int calls = sandbox_calls_enter(config);
	out->calls = calls > 0;
	return calls < 0 ? TCHAT_ERR_SYSTEM : 0;
}
