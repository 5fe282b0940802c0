/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libFuzzer: any bytes as lines of JSON from a program. What is taken holds clean strings; what is not is explained. */
#include "app/json_read.h"
#include "base/utf8.h"
#include "fuzz.h"

#include <string.h>

static void try_string(const char *string)
{
	demand(string == NULL || utf8_valid(string, strlen(string)));
}

static void try_line(const char *line, size_t length)
{
	struct json_request request;
	char why[JSON_WHY_SIZE] = "";
	int err = json_read(&request, line, length, why);
	try_string(request.ref);
	if (err == 0) {
		try_string(request.room);
		try_string(request.to);
		try_string(request.nick);
		try_string(request.reason);
		demand(request.text == NULL || utf8_valid(request.text, request.length));
		demand(request.count > 0);
	} else {
		demand(memchr(why, '\0', sizeof why) != NULL);
		try_string(why);
	}
	json_read_free(&request);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	const char *at = (const char *)bytes;
	while (length > 0) {
		const char *end = memchr(at, '\n', length);
		size_t size = end == NULL ? length : (size_t)(end - at);
		try_line(at, size);
		size += end != NULL;
		at += size;
		length -= size;
	}
	return 0;
}
