/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON output. Runs of harmless bytes are copied as they are; only the rest is looked at one by one. */
#include "app/json_write.h"

#include "base/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static void put(struct json_writer *writer, const void *bytes, size_t length)
{
	if (writer->err == 0)
		writer->err = buffer_put(&writer->out, bytes, length);
}

static void put_key(struct json_writer *writer, const char *key)
{
	put(writer, ",\"", 2);
	put(writer, key, strlen(key));
	put(writer, "\":", 2);
}

/* Bytes at the start that stand for themselves: printable ASCII but " and \. */
static size_t plain_run(const char *text, size_t length)
{
	size_t at = 0;
	while (at < length && text[at] >= 0x20 && text[at] < 0x7f && text[at] != '"' && text[at] != '\\')
		at++;
	return at;
}

/* Controls, line and paragraph separators, and what turns the reading direction or cannot be seen. */
static bool is_escaped(char32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c || c == 0x180e ||
	       (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
	       (c >= 0xe0000 && c <= 0xe007f);
}

static void put_escaped(struct json_writer *writer, char32_t c)
{
	static const char special[] = "\b\n\r\t\f\"\\", letters[] = "bnrtf\"\\";
	char text[16];
	const char *at = c < 0x80 ? memchr(special, (int)c, sizeof special - 1) : NULL;
	if (at != NULL) {
		put(writer, (char[]){ '\\', letters[at - special] }, 2);
		return;
	}
	if (c < 0x10000)
		snprintf(text, sizeof text, "\\u%04x", (unsigned)c);
	else
		snprintf(text, sizeof text, "\\u%04x\\u%04x", 0xd800 + (unsigned)((c - 0x10000) >> 10),
		         0xdc00 + (unsigned)((c - 0x10000) & 0x3ff));
	put(writer, text, strlen(text));
}

static void put_string(struct json_writer *writer, const char *text, size_t length)
{
	put(writer, "\"", 1);
	for (size_t at = 0; at < length;) {
		size_t run = plain_run(text + at, length - at);
		put(writer, text + at, run);
		at += run;
		if (at == length)
			break;
		char32_t c;
		size_t taken = utf8_decode(text + at, length - at, &c);
		if (c == UTF8_INVALID)
			put(writer, "\xef\xbf\xbd", 3);
		else if (is_escaped(c) || c == '"' || c == '\\')
			put_escaped(writer, c);
		else
			put(writer, text + at, taken);
		at += taken;
	}
	put(writer, "\"", 1);
}

void json_begin(struct json_writer *writer, const char *type)
{
	writer->err = 0;
	writer->start = buffer_length(&writer->out);
	put(writer, "{\"type\":", 8);
	put_string(writer, type, strlen(type));
}

void json_bytes(struct json_writer *writer, const char *key, const char *text, size_t length)
{
	put_key(writer, key);
	put_string(writer, text, length);
}

void json_text(struct json_writer *writer, const char *key, const char *text)
{
	json_bytes(writer, key, text, strlen(text));
}

void json_number(struct json_writer *writer, const char *key, uint64_t value)
{
	char digits[24];
	put_key(writer, key);
	put(writer, digits, (size_t)snprintf(digits, sizeof digits, "%" PRIu64, value));
}

void json_bool(struct json_writer *writer, const char *key, bool value)
{
	put_key(writer, key);
	put(writer, value ? "true" : "false", value ? 4 : 5);
}

void json_list(struct json_writer *writer, const char *key, const char *const *texts, size_t count)
{
	put_key(writer, key);
	put(writer, "[", 1);
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			put(writer, ",", 1);
		put_string(writer, texts[i], strlen(texts[i]));
	}
	put(writer, "]", 1);
}

void json_time(struct json_writer *writer, const char *key, uint64_t microseconds)
{
	time_t seconds = (time_t)(microseconds / 1000000);
	struct tm tm;
	char text[64] = "", whole[64];
	if (gmtime_r(&seconds, &tm) != NULL && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		text[0] = '\0';
	int length = snprintf(whole, sizeof whole, "\"%.40s.%06uZ\"", text, (unsigned)(microseconds % 1000000));
	put_key(writer, key);
	put(writer, whole, (size_t)length);
}

int json_end(struct json_writer *writer)
{
	put(writer, "}\n", 2);
	if (writer->err != 0)
		buffer_truncate(&writer->out, writer->start);
	return writer->err;
}
