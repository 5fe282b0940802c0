/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Listening addresses as commands for others. "All addresses" becomes those of the interfaces that are up. */
#include "app/reach.h"

#include "base/intl.h"
#include "net/address.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { REACH_MOST = 12 };

struct lines {
	char (*addresses)[256];
	size_t count;
};

static void add_line(struct lines *lines, const char *host, const char *port)
{
	char line[256];
	if (strcmp(port, "50000") == 0)
		snprintf(line, sizeof line, "tchat --join %s", host);
	else
		snprintf(line, sizeof line, "tchat --join %s:%s", host, port);
	for (size_t i = 0; i < lines->count; i++)
		if (strcmp(lines->addresses[i], line) == 0)
			return;
	if (lines->count < REACH_MOST)
		strcpy(lines->addresses[lines->count++], line);
}

/* The addresses of this machine in one family; loopback and link-local ones are of no use to others. */
static void add_interfaces(struct lines *lines, int family, const char *port)
{
	struct ifaddrs *list;
	if (getifaddrs(&list) != 0)
		return;
	for (struct ifaddrs *one = list; one != NULL; one = one->ifa_next) {
		struct net_address address = { 0 };
		char text[NET_ADDRESS_TEXT];
		if (one->ifa_addr == NULL || one->ifa_addr->sa_family != family || (one->ifa_flags & IFF_UP) == 0 ||
		    (one->ifa_flags & IFF_LOOPBACK) != 0)
			continue;
		address.length = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
		memcpy(&address.storage, one->ifa_addr, address.length);
		if (family == AF_INET6) {
			const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&address.storage;
			if (IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr))
				continue;
		}
		net_address_text(&address, text);
		char *colon = strrchr(text, ':');
		if (colon == NULL)
			continue;
		*colon = '\0';
		add_line(lines, text, port);
	}
	freeifaddrs(list);
}

static void add_listening(struct lines *lines, const char *address)
{
	char host[256], name[256];
	const char *colon = strrchr(address, ':');
	if (strncmp(address, "unix:", 5) == 0 || colon == NULL || (size_t)(colon - address) >= sizeof host)
		return;
	snprintf(host, sizeof host, "%.*s", (int)(colon - address), address);
	bool all = strcmp(host, "0.0.0.0") == 0 || strcmp(host, "[::]") == 0;
	if (!all) {
		add_line(lines, host, colon + 1);
		return;
	}
	add_interfaces(lines, host[0] == '[' ? AF_INET6 : AF_INET, colon + 1);
	if (gethostname(name, sizeof name) == 0) {
		name[sizeof name - 1] = '\0';
		add_line(lines, name, colon + 1);
	}
	add_line(lines, "localhost", colon + 1);
}

size_t reach_describe(const struct talk_place *place, char *text, size_t size)
{
	char addresses[REACH_MOST][256];
	struct lines lines = { addresses, 0 };
	for (size_t i = 0; i < place->listening_count; i++)
		add_listening(&lines, place->listening[i]);
	int length = snprintf(text, size, "%s", _("Your host is open. Others join it with one of:"));
	for (size_t i = 0; i < lines.count && length > 0 && (size_t)length < size; i++)
		length += snprintf(text + length, size - (size_t)length, "\n  %s", addresses[i]);
	for (size_t i = 0; i < place->listening_count && length > 0 && (size_t)length < size; i++)
		if (strncmp(place->listening[i], "unix:", 5) == 0)
			length += snprintf(text + length, size - (size_t)length, "\n  tchat --join %s",
			                   place->listening[i]);
	return place->listening_count;
}
