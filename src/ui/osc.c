/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Operating system commands: what they carry never ends them. */
#include "ui/osc.h"

#include "base/base64.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_MAXIMUM = OSC_TEXT_SIZE - 16 };

size_t osc_text(char out[OSC_TEXT_SIZE], const char *start, const char *text, bool ascii)
{
	size_t length = (size_t)snprintf(out, 16, "\033]%s;", start);
	for (const unsigned char *at = (const unsigned char *)text; *at != '\0' && length < TEXT_MAXIMUM; at++) {
		bool control = *at < 0x20 || *at == 0x7f || (*at == 0xc2 && at[1] < 0xa0);
		if (control || (ascii && *at >= 0x80))
			out[length++] = ' ';
		else
			out[length++] = (char)*at;
		if (*at == 0xc2 && control && at[1] != '\0')
			at++;
	}
	/* A character that the limit cut in half must not swallow the end. */
	while (length > 0 && length >= TEXT_MAXIMUM && ((unsigned char)out[length - 1] & 0xc0) == 0x80)
		length--;
	if (length > 0 && (unsigned char)out[length - 1] >= 0xc0)
		length--;
	out[length++] = '\007';
	return length;
}

char *osc_copy(const char *text, size_t length, size_t *size)
{
	static const char start[] = "\033]52;c;";
	char *out = malloc(sizeof start + BASE64_LENGTH(length) + 1);
	if (out == NULL)
		return NULL;
	memcpy(out, start, sizeof start - 1);
	size_t n = sizeof start - 1;
	n += base64_write(text, length, out + n);
	out[n++] = '\007';
	*size = n;
	return out;
}

void osc_write(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t n = write(fd, bytes, length);
		if (n > 0) {
			bytes += n;
			length -= (size_t)n;
		} else if (errno == EAGAIN) {
			struct pollfd slow = { .fd = fd, .events = POLLOUT };
			if (poll(&slow, 1, 1000) <= 0)
				return;
		} else if (errno != EINTR) {
			return;
		}
	}
}
