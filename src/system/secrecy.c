/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Limits and flags of the process. That any fails is no reason not to start. */
#include "system/secrecy.h"

#include "config.h"

#include <sys/resource.h>

#ifdef HAVE_SYS_PRCTL_H
#include <sys/prctl.h>
#endif

/* The leak checker looks into its own process from another one. */
#if defined __has_feature
#if __has_feature(address_sanitizer)
#define LOOKED_INTO 1
#endif
#elif defined __SANITIZE_ADDRESS__
#define LOOKED_INTO 1
#endif

bool secrecy_start(void)
{
	(void)setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
#if defined PR_SET_DUMPABLE && !defined LOOKED_INTO
	return prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L) == 0;
#else
	return false;
#endif
}
