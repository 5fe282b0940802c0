/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses to text, errno to tchat_err. */
#include "net/address.h"

#include "base/errors.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static void unix_text(const struct net_address *address, char text[NET_ADDRESS_TEXT])
{
	const struct sockaddr_un *un = (const void *)&address->storage;
	size_t offset = offsetof(struct sockaddr_un, sun_path);
	/* An unnamed socket has no path, an abstract one (Linux) starts with NUL. */
	if (address->length <= offset || un->sun_path[0] == '\0') {
		snprintf(text, NET_ADDRESS_TEXT, "unix");
		return;
	}
	size_t length = strnlen(un->sun_path, address->length - offset);
	snprintf(text, NET_ADDRESS_TEXT, "unix:%.*s", (int)length, un->sun_path);
}

void net_address_text(const struct net_address *address, char text[NET_ADDRESS_TEXT])
{
	/* A numeric IPv6 address with its zone, and a port. */
	char host[64], port[8];
	if (address->length >= sizeof address->any.sa_family && address->any.sa_family == AF_UNIX) {
		unix_text(address, text);
		return;
	}
	if (getnameinfo(&address->any, address->length, host, sizeof host, port, sizeof port,
	                NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		snprintf(text, NET_ADDRESS_TEXT, "?");
	else if (address->any.sa_family == AF_INET6)
		snprintf(text, NET_ADDRESS_TEXT, "[%s]:%s", host, port);
	else
		snprintf(text, NET_ADDRESS_TEXT, "%s:%s", host, port);
}

unsigned net_address_port(const struct net_address *address)
{
	switch (address->any.sa_family) {
	case AF_INET:
		return ntohs(((const struct sockaddr_in *)(const void *)&address->storage)->sin_port);
	case AF_INET6:
		return ntohs(((const struct sockaddr_in6 *)(const void *)&address->storage)->sin6_port);
	default:
		return 0;
	}
}

int net_address_unix(struct net_address *address, const char *path)
{
	struct sockaddr_un *un = (void *)&address->storage;
	size_t length = strlen(path);
	if (length == 0 || length >= sizeof un->sun_path) {
		errno = length == 0 ? EINVAL : ENAMETOOLONG;
		return TCHAT_ERR_ARGUMENT;
	}
	memset(address, 0, sizeof *address);
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, path, length + 1);
	address->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
	return 0;
}

static int err_of(int number)
{
	switch (number) {
	case ECONNREFUSED:
		return TCHAT_ERR_REFUSED;
	case EHOSTUNREACH:
	case ENETUNREACH:
	case ENETDOWN:
	case EADDRNOTAVAIL:
	case EAFNOSUPPORT:
#ifdef EHOSTDOWN
	case EHOSTDOWN:
#endif
		return TCHAT_ERR_UNREACHABLE;
	case ETIMEDOUT:
		return TCHAT_ERR_TIMED_OUT;
	case ECONNRESET:
	case ECONNABORTED:
	case EPIPE:
	case ENOTCONN:
		return TCHAT_ERR_CLOSED;
	case EADDRINUSE:
		return TCHAT_ERR_IN_USE;
	case EACCES:
	case EPERM:
	case EROFS:
		return TCHAT_ERR_PERMISSION;
	case ENOENT:
	case ENOTDIR:
		return TCHAT_ERR_NOT_FOUND;
	case EMFILE:
	case ENFILE:
		return TCHAT_ERR_LIMIT_FILES;
	case ENOMEM:
	case ENOBUFS:
		return TCHAT_ERR_MEMORY;
	case EAGAIN:
#if EWOULDBLOCK != EAGAIN
	case EWOULDBLOCK:
#endif
	case EINTR:
		return TCHAT_ERR_AGAIN;
	default:
		return TCHAT_ERR_SYSTEM;
	}
}

int net_err(int number)
{
	errno = number;
	return err_of(number);
}

int net_err_lookup(int failure)
{
	switch (failure) {
	case EAI_AGAIN:
		return TCHAT_ERR_NAME_AGAIN;
	case EAI_MEMORY:
		return TCHAT_ERR_MEMORY;
	case EAI_SERVICE:
		return TCHAT_ERR_ARGUMENT;
	case EAI_SYSTEM: {
		int err = err_of(errno);
		return err == TCHAT_ERR_LIMIT_FILES || err == TCHAT_ERR_MEMORY ? err : TCHAT_ERR_SYSTEM;
	}
	default:
		/* EAI_NONAME, and EAI_NODATA and its kin, which not every system has: the name leads
		 * nowhere. */
		return TCHAT_ERR_NAME_UNKNOWN;
	}
}
