/* SPDX-License-Identifier: GPL-3.0-or-later */
/* explicit_bzero() where there is one; elsewhere a memset() that the compiler cannot see through. */
#include "base/wipe.h"

#include "config.h"

#include <string.h>

#ifdef HAVE_EXPLICIT_BZERO
#include <strings.h>

void wipe(void *bytes, size_t length)
{
	if (length > 0)
		explicit_bzero(bytes, length);
}
#else
static void *(*const volatile set)(void *, int, size_t) = memset;

void wipe(void *bytes, size_t length)
{
	if (length > 0)
		set(bytes, 0, length);
}
#endif

static void below(void)
{
	char bytes[8192];
	wipe(bytes, sizeof bytes);
}

/* Called so that it has a frame of its own. */
static void (*const volatile call)(void) = below;

void wipe_below(void)
{
	call();
}
