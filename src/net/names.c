/* SPDX-License-Identifier: GPL-3.0-or-later */
/* getaddrinfo(), and questions and answers as packets between two processes of the same program. */
#include "net/names.h"

#include "base/errors.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

/* Two strings behind each other; longer ones are no names. */
enum { QUESTION = 2048 };

void names_look_up(const char *node, const char *service, bool numeric, struct names_answer *answer)
{
	struct addrinfo hints = { .ai_flags = numeric ? AI_NUMERICHOST | AI_NUMERICSERV : 0, .ai_family = AF_UNSPEC,
		                  .ai_socktype = SOCK_STREAM };
	struct addrinfo *list;
	answer->err = answer->number = 0;
	answer->count = 0;
	errno = 0;
	int failure = getaddrinfo(node, service, &hints, &list);
	if (failure != 0) {
		answer->number = failure == EAI_SYSTEM ? errno : 0;
		answer->err = net_err_lookup(failure);
		return;
	}
	for (struct addrinfo *one = list; one != NULL && answer->count < NAMES_ADDRESSES; one = one->ai_next) {
		struct net_address *address = &answer->addresses[answer->count];
		if (one->ai_addrlen > sizeof address->storage)
			continue;
		memcpy(&address->storage, one->ai_addr, one->ai_addrlen);
		address->length = one->ai_addrlen;
		answer->count++;
	}
	freeaddrinfo(list);
	answer->err = answer->count > 0 ? 0 : TCHAT_ERR_NAME_UNKNOWN;
}

int names_pair(int ends[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0 ? 0 : net_err(errno);
}

static ssize_t receive(int fd, void *bytes, size_t size)
{
	ssize_t length;
	do
		length = recv(fd, bytes, size, 0);
	while (length < 0 && errno == EINTR);
	return length;
}

static bool transmit(int fd, const void *bytes, size_t length)
{
	ssize_t sent;
	do
		sent = send(fd, bytes, length, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent == (ssize_t)length;
}

void names_ask(int fd, const char *node, const char *service, struct names_answer *answer)
{
	char question[QUESTION];
	size_t node_size = strlen(node) + 1, service_size = strlen(service) + 1;
	answer->err = TCHAT_ERR_NAME_UNKNOWN;
	answer->number = 0;
	answer->count = 0;
	if (node_size + service_size > sizeof question)
		return;
	memcpy(question, node, node_size);
	memcpy(question + node_size, service, service_size);
	if (transmit(fd, question, node_size + service_size) && receive(fd, answer, sizeof *answer) == sizeof *answer &&
	    answer->count <= NAMES_ADDRESSES)
		return;
	answer->err = TCHAT_ERR_NAME_AGAIN; /* the helper is gone */
	answer->number = 0;
	answer->count = 0;
}

void names_serve(int fd)
{
	char question[QUESTION];
	struct names_answer answer;
	ssize_t length;
	while ((length = receive(fd, question, sizeof question)) > 0) {
		size_t node = strnlen(question, (size_t)length);
		memset(&answer, 0, sizeof answer);
		answer.err = TCHAT_ERR_NAME_UNKNOWN;
		if (node < (size_t)length && memchr(question + node + 1, '\0', (size_t)length - node - 1) != NULL)
			names_look_up(question, question + node + 1, false, &answer);
		if (!transmit(fd, &answer, sizeof answer))
			return;
	}
}
