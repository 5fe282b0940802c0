/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Typed errors: functions return 0 or a count, or one of these, which are negative. */
#ifndef TCHAT_BASE_ERRORS_H
#define TCHAT_BASE_ERRORS_H

enum tchat_err {
	TCHAT_OK = 0,
#define TCHAT_ERROR(symbol, code, name, text) TCHAT_ERR_##symbol = -(code),
#include "base/errors.def"
#undef TCHAT_ERROR
};

/* The text of an error in the user's language, without a full stop; err may be the negative
 * value or the wire's positive code. Never NULL; the string is static. */
const char *tchat_err_text(int err);

/* The error's name as in errors.def, lower case ("no_room"), for logs, JSON and --dump;
 * "unknown" for a code that is not in the table. The string is static. */
const char *tchat_err_name(int err);

#endif
