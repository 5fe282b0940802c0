/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Translation marks: _() translates now, N_() only marks, ngettext() counts. */
#ifndef TCHAT_BASE_INTL_H
#define TCHAT_BASE_INTL_H

#include "config.h"

#include <limits.h>
#include <stdint.h>

#ifdef ENABLE_NLS
#include <libintl.h>
#define _(text) gettext(text)
#else
#define _(text) (text)
#define ngettext(one, many, n) ((n) == 1 ? (one) : (many))
#endif
#define N_(text) text

/* A count as ngettext() takes it: the plural form goes by the last digits where it does not fit. */
static inline unsigned long intl_count(uint64_t n)
{
	return (unsigned long)(n <= ULONG_MAX ? n : n % 1000000 + 1000000);
}

#endif
