/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finds a UTF-8 character set for LC_CTYPE, which readline, curses and wcwidth() all go by. */
#include "ui/charset.h"

#include <langinfo.h>
#include <locale.h>
#include <stddef.h>
#include <string.h>

bool charset_is_utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

bool charset_start(void)
{
	static const char *const names[] = { "C.UTF-8", "C.utf8", "en_US.UTF-8", "UTF-8" };
	/* A locale that is not installed leaves "C" behind, but the other categories may still be set. */
	if (setlocale(LC_ALL, "") == NULL)
		setlocale(LC_CTYPE, "");
	for (size_t i = 0; !charset_is_utf8() && i < sizeof names / sizeof names[0]; i++)
		setlocale(LC_CTYPE, names[i]);
	return charset_is_utf8();
}
