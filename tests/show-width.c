/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prints texts as tchat shows them, for terminals/widths.py: a line each with columns, a name, and the text in
 * hexadecimal digits. Without arguments the width corpus, with --all every code point alone, with --raw the corpus
 * as it came. */
#include "base/buffer.h"
#include "base/text.h"
#include "base/utf8.h"

#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static void show(const char *name, const char *text, size_t length, bool raw)
{
	struct buffer clean;
	buffer_init(&clean, TEXT_CLEAN_MAX(4096));
	if (raw ? buffer_put(&clean, text, length) : text_clean(&clean, text, length, TEXT_LINE))
		return;
	size_t size = buffer_length(&clean);
	const char *shown = size > 0 ? (const char *)buffer_data(&clean) : "";
	printf("%zu\t%s\t", text_width(shown, size), name);
	for (size_t i = 0; i < size; i++)
		printf("%02x", (unsigned char)shown[i]);
	printf("\n");
	buffer_free(&clean);
}

static void show_all(void)
{
	for (char32_t c = 0x20; c <= 0x10FFFF; c++) {
		char bytes[4], name[16];
		snprintf(name, sizeof name, "U+%04lX", (unsigned long)c);
		show(name, bytes, utf8_encode(c, bytes), false);
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name, *in;
	} cases[] = {
#define WIDTH(name, in, columns, clusters, keys) { name, in },
#include "width-corpus.def"
	};
	setlocale(LC_ALL, "");
	if (argc > 1 && strcmp(argv[1], "--all") == 0) {
		show_all();
		return 0;
	}
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		show(cases[i].name, cases[i].in, strlen(cases[i].in), argc > 1 && strcmp(argv[1], "--raw") == 0);
	return 0;
}
