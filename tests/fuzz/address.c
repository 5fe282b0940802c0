/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libFuzzer: any bytes as an address that somebody typed, or as a link. What is taken is written such that it means the
 * same, and neither a complaint nor a plain address shows an invitation's secret. */
#include "wire/address.h"

#include "base/utf8.h"
#include "fuzz.h"

#include <string.h>

static void same(const struct address *a, const struct address *b)
{
	demand(a->kind == b->kind && strcmp(a->node, b->node) == 0 && strcmp(a->service, b->service) == 0);
	demand(strcmp(a->path, b->path) == 0);
}

static void try_address(const char *typed, enum address_use use)
{
	struct address address, again;
	char text[ADDRESS_LINK + ADDRESS_TEXT], link[ADDRESS_LINK];
	memset(&address, 0, sizeof address);
	enum address_error err = address_parse(&address, typed, use);
	address_explain(err, typed, text, sizeof text);
	demand(memchr(text, '\0', sizeof text) != NULL);
	if (err != ADDRESS_OK)
		return;
	demand(address.has_pin || !address.has_token);
	address_format(&address, text, sizeof text);
	demand(address_parse(&again, text, use) == ADDRESS_OK);
	same(&address, &again);
	demand(!again.has_pin && !again.has_token && again.room[0] == '\0');
	if (use == ADDRESS_HOST) /* a port 0 to listen on is none to connect to */
		return;
	if (!address_link(&address, link, sizeof link)) {
		demand(link[0] == '\0');
		return;
	}
	demand(address_parse(&again, link, ADDRESS_JOIN) == ADDRESS_OK);
	same(&address, &again);
	demand(strcmp(address.room, again.room) == 0);
	demand(address.has_pin == again.has_pin && address.has_token == again.has_token);
	demand(!address.has_pin || memcmp(address.pin, again.pin, sizeof address.pin) == 0);
	demand(!address.has_token || memcmp(address.token, again.token, sizeof address.token) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char *typed = malloc(length + 1);
	demand(typed != NULL);
	if (length > 0)
		memcpy(typed, bytes, length);
	typed[length] = '\0';
	try_address(typed, ADDRESS_HOST);
	try_address(typed, ADDRESS_JOIN);
	free(typed);
	return 0;
}
