/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The texts and names of errors.def. */
#include "base/errors.h"

#include "base/intl.h"

#include <stddef.h>
#include <stdlib.h>

struct error_row {
	int code;
	const char *name;
	const char *text;
};

static const struct error_row errors[] = {
#define TCHAT_ERROR(symbol, code, name, text) { code, name, text },
#include "base/errors.def"
#undef TCHAT_ERROR
};

static const struct error_row *error_find(int err)
{
	for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
		if (errors[i].code == abs(err))
			return &errors[i];
	return NULL;
}

const char *tchat_err_text(int err)
{
	const struct error_row *row = error_find(err);
	if (row == NULL)
		return err == 0 ? _("no error") : _("unknown error");
	return _(row->text);
}

const char *tchat_err_name(int err)
{
	const struct error_row *row = error_find(err);
	return row == NULL ? "unknown" : row->name;
}
