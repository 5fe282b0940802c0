/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading and writing addresses and tchat:// links. */
#include "wire/address.h"

#include "base/base64.h"
#include "base/intl.h"
#include "base/text.h"
#include "base/utf8.h"
#include "base/wipe.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char link_scheme[] = "tchat://";
static const char unix_scheme[] = "unix:";

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.';
}

static bool all_digits(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!is_digit(text[i]))
			return false;
	return length > 0;
}

static enum address_error copy(char *to, size_t size, const char *from, size_t length)
{
	if (length >= size)
		return ADDRESS_TOO_LONG;
	memcpy(to, from, length);
	to[length] = '\0';
	return ADDRESS_OK;
}

/* An IPv6 address, perhaps with a zone as in fe80::1%eth0. */
static bool is_v6(const char *text, size_t length)
{
	char plain[INET6_ADDRSTRLEN];
	struct in6_addr addr;
	const char *zone = memchr(text, '%', length);
	size_t address = zone == NULL ? length : (size_t)(zone - text);
	if (address >= sizeof plain)
		return false;
	for (size_t i = address + 1; i < length; i++)
		if (!is_word(text[i]))
			return false;
	if (zone != NULL && address + 1 == length)
		return false;
	memcpy(plain, text, address);
	plain[address] = '\0';
	return inet_pton(AF_INET6, plain, &addr) == 1;
}

/* Names in other scripts are left to the resolver; what no name can hold is refused here, and the one that a port would
 * make a socket's path of. */
static enum address_error parse_node(struct address *address, const char *text, size_t length)
{
	if (!utf8_valid(text, length) || text[0] == '-')
		return ADDRESS_BAD_NODE;
	for (size_t i = 0; i < length; i++)
		if (!is_word(text[i]) && (unsigned char)text[i] < 0x80)
			return ADDRESS_BAD_NODE;
	if (length == strlen("unix") && strncasecmp(text, "unix", length) == 0)
		return ADDRESS_NO_PATH;
	return copy(address->node, sizeof address->node, text, length);
}

static enum address_error parse_service(struct address *address, const char *text, size_t length, enum address_use use)
{
	if (length == 0)
		return ADDRESS_BAD_SERVICE;
	bool sign = (text[0] == '-' || text[0] == '+') && all_digits(text + 1, length - 1);
	if (sign)
		return ADDRESS_PORT_RANGE;
	if (all_digits(text, length)) {
		unsigned long port = 0;
		for (size_t i = 0; i < length && port <= 65535; i++)
			port = port * 10 + (unsigned long)(text[i] - '0');
		if (port > 65535 || (port == 0 && use != ADDRESS_HOST))
			return ADDRESS_PORT_RANGE;
		snprintf(address->service, sizeof address->service, "%lu", port);
		return ADDRESS_OK;
	}
	bool letter = false;
	for (size_t i = 0; i < length; i++) {
		if (!is_word(text[i]))
			return ADDRESS_BAD_SERVICE;
		letter = letter || (text[i] >= 'a' && text[i] <= 'z') || (text[i] >= 'A' && text[i] <= 'Z');
	}
	if (!letter)
		return ADDRESS_BAD_SERVICE;
	return copy(address->service, sizeof address->service, text, length);
}

static enum address_error parse_bracket(struct address *address, const char *text, size_t length, enum address_use use)
{
	const char *end = memchr(text, ']', length);
	if (end == NULL || !is_v6(text + 1, (size_t)(end - text) - 1))
		return ADDRESS_BAD_V6;
	enum address_error err = copy(address->node, sizeof address->node, text + 1, (size_t)(end - text) - 1);
	size_t rest = length - (size_t)(end + 1 - text);
	if (err != ADDRESS_OK || rest == 0)
		return err;
	return end[1] == ':' ? parse_service(address, end + 2, rest - 1, use) : ADDRESS_BAD_V6;
}

/* HOST, HOST:PORT and their kin; the service is the default one already. */
static enum address_error parse_pair(struct address *address, const char *text, size_t length, enum address_use use)
{
	if (length == 0)
		return ADDRESS_EMPTY;
	if (text[0] == '[')
		return parse_bracket(address, text, length, use);
	const char *colon = memchr(text, ':', length);
	if (colon != NULL && memchr(colon + 1, ':', length - (size_t)(colon + 1 - text)) != NULL)
		return is_v6(text, length) ? copy(address->node, sizeof address->node, text, length) : ADDRESS_BAD_V6;
	if (colon == NULL && all_digits(text, length))
		return use == ADDRESS_HOST ? parse_service(address, text, length, use) : ADDRESS_ONLY_PORT;
	size_t node = colon == NULL ? length : (size_t)(colon - text);
	enum address_error err = ADDRESS_OK;
	if (node == 0 && use == ADDRESS_JOIN)
		strcpy(address->node, "localhost");
	else if (node > 0 && !(node == 1 && text[0] == '*' && use == ADDRESS_HOST))
		err = parse_node(address, text, node);
	if (err != ADDRESS_OK || colon == NULL)
		return err;
	return parse_service(address, colon + 1, length - node - 1, use);
}

static int hex(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = c == '\0' ? NULL : strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c);
	return at == NULL ? -1 : (int)(at - digits);
}

/* Undoes percent signs. */
static enum address_error parse_percent(char *to, size_t size, const char *text, size_t length)
{
	size_t used = 0;
	for (size_t i = 0; i < length; i++) {
		char c = text[i];
		if (c == '%') {
			int high = i + 2 < length ? hex(text[i + 1]) : -1;
			int low = high < 0 ? -1 : hex(text[i + 2]);
			if (low < 0 || high * 16 + low == 0)
				return ADDRESS_BAD_LINK;
			c = (char)(high * 16 + low);
			i += 2;
		}
		if (used + 1 >= size)
			return ADDRESS_TOO_LONG;
		to[used++] = c;
	}
	to[used] = '\0';
	return ADDRESS_OK;
}

static enum address_error parse_room(struct address *address, const char *text, size_t length)
{
	if (length == 0)
		return ADDRESS_OK;
	if (memchr(text, '/', length) != NULL)
		return ADDRESS_BAD_LINK;
	enum address_error err = parse_percent(address->room, sizeof address->room, text, length);
	if (err != ADDRESS_OK)
		return err == ADDRESS_TOO_LONG ? ADDRESS_BAD_ROOM : err;
	struct buffer fold;
	buffer_init(&fold, TEXT_NAME_BYTES);
	bool fine = text_name_fold(&fold, address->room, strlen(address->room)) == 0;
	buffer_free(&fold);
	return fine ? ADDRESS_OK : ADDRESS_BAD_ROOM;
}

/* PIN or PIN.TOKEN */
static enum address_error parse_fragment(struct address *address, const char *text)
{
	const char *dot = strchr(text, '.');
	size_t length = dot == NULL ? strlen(text) : (size_t)(dot - text);
	address->has_pin = base64url_read(address->pin, sizeof address->pin, text, length);
	address->has_token = address->has_pin && dot != NULL &&
	                     base64url_read(address->token, sizeof address->token, dot + 1, strlen(dot + 1));
	return address->has_pin && address->has_token == (dot != NULL) ? ADDRESS_OK : ADDRESS_BAD_INVITATION;
}

/* What stands between tchat:// and the # */
static enum address_error parse_place(struct address *address, const char *text, enum address_use use)
{
	if (strpbrk(text, "?@") != NULL)
		return ADDRESS_BAD_LINK;
	const char *slash = strchr(text, '/');
	size_t length = slash == NULL ? strlen(text) : (size_t)(slash - text);
	char pair[ADDRESS_TEXT];
	enum address_error err = parse_percent(pair, sizeof pair, text, length);
	if (err == ADDRESS_OK && (pair[0] == ':' || pair[0] == '\0'))
		err = ADDRESS_BAD_NODE;
	if (err == ADDRESS_OK && all_digits(pair, strlen(pair)))
		err = ADDRESS_ONLY_PORT;
	if (err == ADDRESS_OK)
		err = parse_pair(address, pair, strlen(pair), use);
	return err != ADDRESS_OK || slash == NULL ? err : parse_room(address, slash + 1, strlen(slash + 1));
}

/* What stands behind tchat:// */
static enum address_error parse_link(struct address *address, const char *text, enum address_use use)
{
	char place[ADDRESS_LINK];
	if (use != ADDRESS_JOIN)
		return ADDRESS_LINK_TO_HOST;
	const char *mark = strchr(text, '#');
	enum address_error err = copy(place, sizeof place, text, mark == NULL ? strlen(text) : (size_t)(mark - text));
	if (err == ADDRESS_OK)
		err = parse_place(address, place, use);
	if (err == ADDRESS_OK && mark != NULL)
		err = parse_fragment(address, mark + 1);
	if (err != ADDRESS_OK)
		wipe(address, sizeof *address);
	return err;
}

enum address_error address_parse(struct address *address, const char *typed, enum address_use use)
{
	*address = (struct address){ .kind = ADDRESS_TCP, .service = ADDRESS_PORT };
	if (typed[0] == '\0')
		return ADDRESS_EMPTY;
	if (strncasecmp(typed, link_scheme, strlen(link_scheme)) == 0)
		return parse_link(address, typed + strlen(link_scheme), use);
	if (strncasecmp(typed, unix_scheme, strlen(unix_scheme)) == 0) {
		const char *path = typed + strlen(unix_scheme);
		address->kind = ADDRESS_UNIX;
		return path[0] == '\0' ? ADDRESS_NO_PATH
		                       : copy(address->path, sizeof address->path, path, strlen(path));
	}
	if (typed[0] == '/' || strncmp(typed, "./", 2) == 0 || strncmp(typed, "../", 3) == 0)
		return ADDRESS_NEEDS_UNIX;
	if (strstr(typed, "://") != NULL)
		return ADDRESS_OTHER_SCHEME;
	return parse_pair(address, typed, strlen(typed), use);
}

static const char *explanation(enum address_error err)
{
	switch (err) {
	case ADDRESS_OK:
		return "";
	case ADDRESS_EMPTY:
		return _("the address is empty; write HOST or HOST:PORT");
	case ADDRESS_TOO_LONG:
		return _("this is too long for an address");
	case ADDRESS_BAD_NODE:
		return _("this is neither a host name nor an address; write HOST or HOST:PORT");
	case ADDRESS_BAD_V6:
		return _("this is not an IPv6 address; write [ADDRESS]:PORT, as in [::1]:50000");
	case ADDRESS_BAD_SERVICE:
		return _("the port is missing or not a port; write a number from 1 to 65535");
	case ADDRESS_PORT_RANGE:
		return _("ports are numbers from 1 to 65535");
	case ADDRESS_ONLY_PORT:
		return _("this is a port alone; write HOST:PORT, as in localhost:50000");
	case ADDRESS_NO_PATH:
		return _("the path is missing; write unix:PATH");
	case ADDRESS_NEEDS_UNIX:
		return _("for a socket with a path write unix:PATH");
	case ADDRESS_OTHER_SCHEME:
		return _("only tchat:// links are understood");
	case ADDRESS_LINK_TO_HOST:
		return _("a link is for joining; to host, write a port or ADDRESS:PORT");
	case ADDRESS_BAD_LINK:
		return _("this link is broken; write tchat://HOST:PORT/ROOM");
	case ADDRESS_BAD_INVITATION:
		return _("what stands behind the # is not whole; copy all of the link");
	case ADDRESS_BAD_ROOM:
		return _("the room's name in this link is not a valid one");
	}
	return "";
}

/* How much of what was typed may be shown: a # that some program wrote as %23 hides a secret as well. */
static size_t shown_length(const char *typed)
{
	size_t length = strcspn(typed, "#");
	const char *written = strstr(typed, "%23");
	return written != NULL && (size_t)(written - typed) < length ? (size_t)(written - typed) : length;
}

void address_explain(enum address_error err, const char *typed, char *text, size_t size)
{
	size_t shown = shown_length(typed);
	int most = shown < ADDRESS_LINK ? (int)shown : ADDRESS_LINK;
	snprintf(text, size, "%.*s%s: %s", most, typed, typed[shown] != '\0' ? "#..." : "", explanation(err));
}

void address_format(const struct address *address, char *text, size_t size)
{
	if (address->kind == ADDRESS_UNIX)
		snprintf(text, size, "%s%s", unix_scheme, address->path);
	else if (strchr(address->node, ':') != NULL)
		snprintf(text, size, "[%s]:%s", address->node, address->service);
	else
		snprintf(text, size, "%s:%s", address->node[0] == '\0' ? "*" : address->node, address->service);
}

/* Appends from, with what a link may not hold as percent signs. False when it does not fit. */
static bool put_percent(char *text, size_t size, const char *from, const char *allowed)
{
	size_t used = strlen(text);
	for (; *from != '\0'; from++) {
		bool plain = is_word(*from) || strchr(allowed, *from) != NULL;
		if (used + (plain ? 1 : 3) >= size)
			return false;
		if (plain)
			text[used++] = *from;
		else
			used += (size_t)snprintf(text + used, size - used, "%%%02X", (unsigned char)*from);
		text[used] = '\0';
	}
	return true;
}

/* Appends a mark and bytes. */
static bool put_base64(char *text, size_t size, char mark, const uint8_t *bytes, size_t length)
{
	size_t used = strlen(text);
	if (used + 1 + BASE64URL_LENGTH(length) >= size)
		return false;
	text[used] = mark;
	base64url_write(bytes, length, text + used + 1);
	return true;
}

bool address_link(const struct address *address, char *text, size_t size)
{
	text[0] = '\0';
	if (address->kind != ADDRESS_TCP || address->node[0] == '\0')
		return false;
	bool v6 = strchr(address->node, ':') != NULL;
	/* A node of digits alone would be read as a port. */
	bool port = strcmp(address->service, ADDRESS_PORT) != 0 || all_digits(address->node, strlen(address->node));
	bool fits = put_percent(text, size, link_scheme, ":/") && put_percent(text, size, v6 ? "[" : "", "[") &&
	            put_percent(text, size, address->node, ":") && put_percent(text, size, v6 ? "]" : "", "]") &&
	            put_percent(text, size, port ? ":" : "", ":") &&
	            put_percent(text, size, port ? address->service : "", "");
	if (fits && address->room[0] != '\0')
		fits = put_percent(text, size, "/", "/") && put_percent(text, size, address->room, "~");
	if (fits && address->has_pin)
		fits = put_base64(text, size, '#', address->pin, ADDRESS_PIN_SIZE);
	if (fits && address->has_pin && address->has_token)
		fits = put_base64(text, size, '.', address->token, ADDRESS_TOKEN_SIZE);
	if (!fits)
		wipe(text, size);
	return fits;
}
