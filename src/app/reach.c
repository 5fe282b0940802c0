/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Listening addresses as commands and links for others. "All addresses" becomes those of the interfaces that were up. */
#include "app/reach.h"

#include "base/intl.h"
#include "base/wipe.h"
#include "net/address.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { REACH_MOST = 12, REACH_HOST = 256 };

/* Hosts as a command takes them, with brackets where they are needed. */
struct places {
	struct {
		char host[REACH_HOST];
		char port[16];
	} at[REACH_MOST];
	size_t count;
};

/* Text that grows; what does not fit is left out. */
struct text {
	char *to;
	size_t size, used;
};

static void put(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct text *text, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	int length = vsnprintf(text->to + text->used, text->size - text->used, format, arguments);
	va_end(arguments);
	if (length >= 0 && (size_t)length < text->size - text->used)
		text->used += (size_t)length;
	text->to[text->used] = '\0';
}

static void add(struct places *places, const char *host, const char *port)
{
	for (size_t i = 0; i < places->count; i++)
		if (strcmp(places->at[i].host, host) == 0 && strcmp(places->at[i].port, port) == 0)
			return;
	if (places->count == REACH_MOST)
		return;
	snprintf(places->at[places->count].host, REACH_HOST, "%s", host);
	snprintf(places->at[places->count].port, sizeof places->at[0].port, "%s", port);
	places->count++;
}

static void own_add(struct talk_own *own, const struct sockaddr *from)
{
	struct net_address address = { 0 };
	char text[NET_ADDRESS_TEXT];
	address.length = from->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	memcpy(&address.storage, from, address.length);
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&address.storage;
	if (from->sa_family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr))
		return;
	net_address_text(&address, text);
	char *colon = strrchr(text, ':');
	if (colon == NULL || (size_t)(colon - text) >= sizeof own->host[0] || own->count == TALK_OWN)
		return;
	snprintf(own->host[own->count++], sizeof own->host[0], "%.*s", (int)(colon - text), text);
}

void reach_look(struct talk_own *own)
{
	struct ifaddrs *list;
	own->count = 0;
	if (getifaddrs(&list) != 0)
		return;
	for (const struct ifaddrs *one = list; one != NULL; one = one->ifa_next)
		if (one->ifa_addr != NULL && (one->ifa_addr->sa_family == AF_INET || one->ifa_addr->sa_family == AF_INET6) &&
		    (one->ifa_flags & IFF_UP) != 0 && (one->ifa_flags & IFF_LOOPBACK) == 0)
			own_add(own, one->ifa_addr);
	freeifaddrs(list);
}

static void add_all(struct places *places, const struct talk_own *own, bool v6, const char *port)
{
	char name[REACH_HOST];
	for (size_t i = 0; i < own->count; i++)
		if ((own->host[i][0] == '[') == v6)
			add(places, own->host[i], port);
	if (gethostname(name, sizeof name) == 0) {
		name[sizeof name - 1] = '\0';
		add(places, name, port);
	}
	add(places, "localhost", port);
}

static void add_listening(struct places *places, const struct talk_own *own, const char *address)
{
	char host[REACH_HOST];
	const char *colon = strrchr(address, ':');
	if (strncmp(address, "unix:", 5) == 0 || colon == NULL || (size_t)(colon - address) >= sizeof host)
		return;
	snprintf(host, sizeof host, "%.*s", (int)(colon - address), address);
	if (strcmp(host, "0.0.0.0") == 0 || strcmp(host, "[::]") == 0)
		add_all(places, own, host[0] == '[', colon + 1);
	else
		add(places, host, colon + 1);
}

/* Where the host of place is to be found. The own socket of a host names its port. */
static void find_places(const struct talk_place *place, struct places *places)
{
	places->count = 0;
	for (size_t i = 0; i < place->listening_count; i++)
		add_listening(places, &place->own, place->listening[i]);
	if (place->listening_count > 0)
		return;
	char typed[ADDRESS_TEXT];
	const char *port = strrchr(place->address.path, '-');
	address_format(&place->address, typed, sizeof typed);
	if (place->address.kind == ADDRESS_TCP)
		add_listening(places, &place->own, typed);
	else if (strstr(place->address.path, "/host-") != NULL && port != NULL && strspn(port + 1, "0123456789") > 0)
		add_all(places, &place->own, false, port + 1);
}

size_t reach_links(const struct talk_place *place, const struct trust_pin *pin, const uint8_t token[TRUST_TOKEN_SIZE],
                   const char *room, size_t most, const char *before, char *to, size_t size)
{
	struct places places;
	struct text text = { to, size, 0 };
	size_t count = 0;
	to[0] = '\0';
	find_places(place, &places);
	for (size_t i = 0; i < places.count && count < most; i++) {
		char typed[ADDRESS_TEXT], link[ADDRESS_LINK];
		struct address address;
		snprintf(typed, sizeof typed, "%.*s:%s", REACH_HOST, places.at[i].host, places.at[i].port);
		if (address_parse(&address, typed, ADDRESS_JOIN) != 0)
			continue;
		snprintf(address.room, sizeof address.room, "%s", room);
		address.has_pin = address.has_token = true;
		memcpy(address.pin, pin->bytes, sizeof address.pin);
		memcpy(address.token, token, sizeof address.token);
		if (address_link(&address, link, sizeof link)) {
			put(&text, "%s%s%s", count > 0 ? "\n" : "", before, link);
			count++;
		}
		wipe(&address, sizeof address);
		wipe(link, sizeof link);
	}
	return count;
}

size_t reach_describe(const struct talk_place *place, char *to, size_t size)
{
	struct places places;
	struct text text = { to, size, 0 };
	find_places(place, &places);
	put(&text, "%s", _("Your host is open. Others join it with one of:"));
	for (size_t i = 0; i < places.count; i++) {
		bool usual = strcmp(places.at[i].port, ADDRESS_PORT) == 0;
		put(&text, "\n  tchat --join %s%s%s", places.at[i].host, usual ? "" : ":", usual ? "" : places.at[i].port);
	}
	for (size_t i = 0; i < place->listening_count; i++)
		if (strncmp(place->listening[i], "unix:", 5) == 0)
			put(&text, "\n  tchat --join %s", place->listening[i]);
	if (place->has_pin) {
		char words[TRUST_WORDS], fingerprint[TRUST_FINGERPRINT];
		trust_words(&place->pin, words);
		trust_fingerprint(&place->pin, fingerprint);
		put(&text, "\n%s %s (%s)", _("Its key:"), words, fingerprint);
	}
	if (place->has_token) {
		char link[ADDRESS_LINK + 8];
		if (reach_links(place, &place->pin, place->token, "", 1, "  ", link, sizeof link) > 0)
			put(&text, "\n%s\n%s", _("With this link one person comes in without a question, within a day:"), link);
		wipe(link, sizeof link);
	}
	return place->listening_count;
}
