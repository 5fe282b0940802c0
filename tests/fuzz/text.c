/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libFuzzer: any bytes as text. What is cleaned is UTF-8 without controls, as wide as it is drawn, and stays as it is
 * when it is cleaned again; a name that may be shown may be compared. */
#include "base/buffer.h"
#include "base/text.h"
#include "base/utf8.h"
#include "fuzz.h"

#include <locale.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	demand(setlocale(LC_CTYPE, "C.UTF-8") != NULL);
	return 0;
}

static void try_clean(const char *text, size_t length, unsigned flags)
{
	struct buffer once, twice;
	buffer_init(&once, TEXT_CLEAN_MAX(length) + 1);
	buffer_init(&twice, TEXT_CLEAN_MAX(TEXT_CLEAN_MAX(length)) + 1);
	demand(text_clean(&once, text, length, flags) == 0);
	const char *clean = (const char *)buffer_data(&once);
	size_t size = buffer_length(&once), columns = 0;
	demand(text_clean(&twice, clean, size, flags) == 0);
	demand(buffer_length(&twice) == size && (size == 0 || memcmp(clean, buffer_data(&twice), size) == 0));
	demand(utf8_valid(clean, size));
	for (size_t at = 0; at < size;) {
		int width;
		unsigned char byte = (unsigned char)clean[at];
		demand((byte >= 0x20 && byte != 0x7f) || (byte == '\n' && flags == TEXT_MULTILINE));
		at = text_next(clean, size, at, &width);
		columns += (size_t)width;
	}
	demand(text_width(clean, size) == columns);
	buffer_free(&once);
	buffer_free(&twice);
}

static void try_name(const char *name, size_t length)
{
	struct buffer shown, compared;
	buffer_init(&shown, TEXT_NAME_BYTES);
	buffer_init(&compared, TEXT_NAME_BYTES);
	bool may = text_name_shown(&shown, name, length) == 0;
	demand(may == (text_name_fold(&compared, name, length) == 0));
	if (may)
		demand(utf8_valid((const char *)buffer_data(&shown), buffer_length(&shown)));
	buffer_free(&shown);
	buffer_free(&compared);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	try_clean((const char *)bytes, length, TEXT_LINE);
	try_clean((const char *)bytes, length, TEXT_MULTILINE);
	try_name((const char *)bytes, length);
	return 0;
}
