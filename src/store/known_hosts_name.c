/* SPDX-License-Identifier: GPL-3.0-or-later */
/* By which name a host is known. */
#include "store/known_hosts.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static void put_lower(char *to, size_t size, const char *from)
{
	size_t used = 0;
	for (; *from != '\0' && used + 1 < size; from++)
		to[used++] = *from >= 'A' && *from <= 'Z' ? (char)(*from - 'A' + 'a') : *from;
	to[used] = '\0';
}

static bool is_local_v4(struct in_addr address)
{
	uint32_t bits = ntohl(address.s_addr);
	return bits >> 24 == 127 || bits >> 16 == 0xa9fe; /* 127.0.0.0/8, 169.254.0.0/16 */
}

static bool is_local_v6(const struct in6_addr *address)
{
	struct in_addr inner;
	if (IN6_IS_ADDR_V4MAPPED(address)) {
		memcpy(&inner, address->s6_addr + 12, sizeof inner);
		return is_local_v4(inner);
	}
	return IN6_IS_ADDR_LOOPBACK(address) || IN6_IS_ADDR_LINKLOCAL(address);
}

static bool is_local_name(const char *node)
{
	static const char domain[] = ".localhost";
	size_t length = strlen(node), tail = strlen(domain);
	return strcmp(node, "localhost") == 0 || (length > tail && strcmp(node + length - tail, domain) == 0);
}

/* Writes an address in its one form, and other nodes without a last dot. True for what every machine calls the same. */
static bool put_node(char *to, size_t size, const char *node)
{
	struct in_addr v4;
	struct in6_addr v6;
	size_t length = strlen(node);
	bool bare = inet_pton(AF_INET, node, &v4) == 1;
	if (!bare && inet_pton(AF_INET6, node, &v6) == 1) {
		char text[INET6_ADDRSTRLEN] = "";
		inet_ntop(AF_INET6, &v6, text, sizeof text);
		snprintf(to, size, "[%s]", text);
		return is_local_v6(&v6);
	}
	if (!bare && length > 1 && node[length - 1] == '.')
		length--;
	snprintf(to, size, "%.*s", (int)length, node);
	return bare ? is_local_v4(v4) : is_local_name(to);
}

bool known_hosts_name(const struct address *address, char name[KNOWN_HOSTS_NAME])
{
	char lower[ADDRESS_NODE_SIZE], node[ADDRESS_NODE_SIZE + 2], service[ADDRESS_SERVICE_SIZE];
	char machine[256] = "", host[256] = "";
	if (address->kind != ADDRESS_TCP || address->node[0] == '\0')
		return false;
	put_lower(lower, sizeof lower, address->node);
	put_lower(service, sizeof service, address->service);
	char *zone = strchr(lower, '%');
	if (zone != NULL)
		*zone++ = '\0';
	if (!put_node(node, sizeof node, lower)) {
		snprintf(name, KNOWN_HOSTS_NAME, "%s:%s", node, service);
		return true;
	}
	if (gethostname(machine, sizeof machine - 1) != 0)
		machine[0] = '\0';
	put_lower(host, sizeof host, machine);
	for (char *c = host; *c != '\0'; c++)
		if ((unsigned char)*c <= ' ' || *c == ',' || *c == '%')
			*c = '-';
	/* No zone is longer than what is left. */
	snprintf(name, KNOWN_HOSTS_NAME, "%s:%s%%%s%s%s", node, service, host, zone != NULL ? "%" : "",
	         zone != NULL ? zone : "");
	return true;
}
