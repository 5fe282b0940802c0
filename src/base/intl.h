/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Translation marks: _() translates now, N_() only marks, ngettext() counts. */
#ifndef TCHAT_BASE_INTL_H
#define TCHAT_BASE_INTL_H

#include "config.h"

#ifdef ENABLE_NLS
#include <libintl.h>
#define _(text) gettext(text)
#else
#define _(text) (text)
#define ngettext(one, many, n) ((n) == 1 ? (one) : (many))
#endif
#define N_(text) text

#endif
