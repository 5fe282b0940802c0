/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prints a dictionary for libFuzzer from a table of the program: "frames" from messages.def, each type with the header
 * of stream.h and zeros for its fixed part, and its tags; "settings" from options.def, the keys of a tchatrc. */
#include "wire/message.h"

#include <stdio.h>
#include <string.h>

static void print_bytes(const char *name, const unsigned char *bytes, size_t length)
{
	printf("%s=\"", name);
	for (size_t i = 0; i < length; i++)
		printf("\\x%02x", bytes[i]);
	printf("\"\n");
}

static void print_frame(const char *name, unsigned type, size_t fixed)
{
	unsigned char bytes[512] = { (unsigned char)type, (unsigned char)(fixed >> 8), (unsigned char)fixed };
	print_bytes(name, bytes, 3 + fixed < sizeof bytes ? 3 + fixed : sizeof bytes);
}

static void print_tag(const char *name, unsigned tag)
{
	unsigned char bytes[] = { (unsigned char)(tag >> 8), (unsigned char)tag, 0, 1, 'x' };
	print_bytes(name, bytes, sizeof bytes);
}

static void print_frames(void)
{
	const unsigned char magic[] = { 0x54, 0x43, 0x48, 0x54 };
	print_bytes("magic", magic, sizeof magic);
#define BEGIN(symbol, name, code, sender, states) \
	{ \
		const char *frame = #name; \
		unsigned type = (code); \
		size_t fixed = 0;
#define U8(name) fixed += 1;
#define U16(name) fixed += 2;
#define U32(name) fixed += 4;
#define U64(name) fixed += 8;
#define ID(name) fixed += 16;
#define KEY(name) fixed += WIRE_KEY_SIZE;
#define PAD(bytes) fixed += (bytes);
#define BODY(name, shown) fixed += 4;
#define TLV_TEXT(tag, name) print_tag(#name, (tag));
#define END(symbol, name) \
		print_frame(frame, type, fixed); \
	}
#include "wire/messages.def"
}

static void print_settings(void)
{
#define SECTION(title)
#define OPTION(symbol, name, letter, argument, help)
#define SETTING(symbol, member, name, letter, scope, type, argument, standard, help) printf("\"%s = \"\n", name);
#include "app/options.def"
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "settings") == 0)
		print_settings();
	else
		print_frames();
	return 0;
}
