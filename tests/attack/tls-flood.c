/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An attacker that floods.py starts: TLS records that bring nothing, as fast as they go, until the host hangs up.
 *
 * tls-flood HOST PORT CERTIFICATE KEY KIND RECORDS
 *
 * Standard input: a line with what is to be said first, in hex; after it "in" is printed, once the host has let us in or,
 * when there was nothing to say, after the handshake. The flood begins with the next line. At the end: "cut", or "open"
 * when the host bears it, how many records were sent and after how many microseconds that was. */
#include <errno.h>
#include <gnutls/gnutls.h>
#include <netdb.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE = 60, FRAMES = 65536, HEADER = 4, PING = 0x40, AUTH_OK = 0x08, SELDOM = 16 };

struct flood {
	gnutls_session_t session;
	long sent;
};

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "tls-flood: %s: %s\n", what, why);
	exit(1);
}

static void check(const char *what, ssize_t code)
{
	if (code < 0)
		fail(what, gnutls_strerror((int)code));
}

static int dial(const char *name, const char *port)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	const struct timeval patience = { PATIENCE, 0 };
	struct addrinfo *address;
	int code = getaddrinfo(name, port, &hints, &address);
	if (code != 0)
		fail(name, gai_strerror(code));
	int fd = socket(address->ai_family, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, address->ai_addr, address->ai_addrlen) != 0)
		fail(name, "no connection");
	freeaddrinfo(address);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	return fd;
}

static gnutls_session_t shake_hands(int fd, gnutls_certificate_credentials_t credentials)
{
	gnutls_session_t session;
	check("session", gnutls_init(&session, GNUTLS_CLIENT));
	check("priority", gnutls_priority_set_direct(session, "NORMAL:-VERS-ALL:+VERS-TLS1.3", NULL));
	check("credentials", gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials));
	gnutls_transport_set_int(session, fd);
	check("handshake", gnutls_handshake(session));
	return session;
}

/* Says what the line has in hex, and reads frames until the one that lets us in. */
static void enter(gnutls_session_t session, const char *line)
{
	static uint8_t bytes[FRAMES];
	size_t length = 0;
	unsigned byte;
	for (; length < sizeof bytes && sscanf(line + 2 * length, "%2x", &byte) == 1; length++)
		bytes[length] = (uint8_t)byte;
	if (length == 0)
		return;
	check("words", gnutls_record_send(session, bytes, length));
	length = 0;
	for (;;) {
		ssize_t n = gnutls_record_recv(session, bytes + length, sizeof bytes - length);
		check("answer", n);
		if (n == 0)
			fail("answer", "the host hung up");
		length += (size_t)n;
		for (size_t at = 0, size; at + HEADER <= length; at += size) {
			size = HEADER + ((size_t)bytes[at + 1] << 16 | (size_t)bytes[at + 2] << 8 | bytes[at + 3]);
			if (bytes[at] == AUTH_OK && at + size <= length)
				return;
		}
	}
}

static ssize_t send_empty(struct flood *flood)
{
	return gnutls_record_send2(flood->session, "", 0, 1, 0);
}

static ssize_t send_update(struct flood *flood)
{
	return gnutls_session_key_update(flood->session, 0);
}

/* One that the host has to answer with one of its own. */
static ssize_t send_request(struct flood *flood)
{
	return gnutls_session_key_update(flood->session, GNUTLS_KU_PEER);
}

/* Not all in a row: each sixteenth is one with a byte of a frame. */
static ssize_t send_seldom(struct flood *flood, ssize_t (*send)(struct flood *flood))
{
	static const uint8_t ping[HEADER] = { PING, 0, 0xf0, 0 };
	if (flood->sent == 0)
		return gnutls_record_send(flood->session, ping, sizeof ping);
	return flood->sent % SELDOM == 0 ? gnutls_record_send(flood->session, "x", 1) : send(flood);
}

static ssize_t send_sparse(struct flood *flood)
{
	return send_seldom(flood, send_empty);
}

static ssize_t send_mixed(struct flood *flood)
{
	return send_seldom(flood, send_update);
}

static const struct kind {
	const char *name;
	ssize_t (*send)(struct flood *flood);
} kinds[] = { { "empty", send_empty },     { "sparse", send_sparse }, { "update", send_update },
	          { "request", send_request }, { "mixed", send_mixed } };

static const struct kind *find_kind(const char *name)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	fail(name, "no such flood");
	return NULL;
}

static int64_t microseconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Sends as many as are wanted; false when the host hung up before. */
static bool send_all(struct flood *flood, const struct kind *kind, long records)
{
	for (; flood->sent < records; flood->sent++) {
		ssize_t code = kind->send(flood);
		if (code == GNUTLS_E_AGAIN)
			fail(kind->name, "the host neither reads nor hangs up");
		if (code < 0)
			return false;
	}
	return true;
}

/* What it says is thrown away. */
static bool hangs_up(int fd)
{
	char bytes[4096];
	ssize_t n;
	do
		n = recv(fd, bytes, sizeof bytes, 0);
	while (n > 0);
	return n == 0 || errno == ECONNRESET;
}

int main(int argc, char **argv)
{
	char line[4096];
	gnutls_certificate_credentials_t credentials;
	if (argc != 7)
		fail("usage", "tls-flood HOST PORT CERTIFICATE KEY KIND RECORDS");
	const struct kind *kind = find_kind(argv[5]);
	signal(SIGPIPE, SIG_IGN);
	check("credentials", gnutls_certificate_allocate_credentials(&credentials));
	check("certificate", gnutls_certificate_set_x509_key_file(credentials, argv[3], argv[4], GNUTLS_X509_FMT_PEM));
	int fd = dial(argv[1], argv[2]);
	struct flood flood = { .session = shake_hands(fd, credentials) };
	if (fgets(line, sizeof line, stdin) == NULL)
		fail("standard input", "nothing to say");
	enter(flood.session, line);
	puts("in");
	fflush(stdout);
	if (fgets(line, sizeof line, stdin) == NULL)
		fail("standard input", "no start");
	int64_t start = microseconds();
	bool cut = !send_all(&flood, kind, strtol(argv[6], NULL, 10)) || hangs_up(fd);
	printf("%s %ld %lld\n", cut ? "cut" : "open", flood.sent, (long long)(microseconds() - start));
	gnutls_deinit(flood.session);
	gnutls_certificate_free_credentials(credentials);
	close(fd);
	return 0;
}
