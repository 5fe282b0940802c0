/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses as people type them, and tchat:// links. Nothing is looked up here. */
#ifndef TCHAT_WIRE_ADDRESS_H
#define TCHAT_WIRE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ADDRESS_PORT "50000" /* when none is given */

enum {
	ADDRESS_NODE_SIZE = 256,    /* of a host name or address, with its NUL, as all below */
	ADDRESS_SERVICE_SIZE = 33,
	ADDRESS_PATH_SIZE = 108,    /* of a UNIX socket's path, the least that systems agree on */
	ADDRESS_ROOM_SIZE = 65,
	ADDRESS_TEXT = ADDRESS_NODE_SIZE + ADDRESS_SERVICE_SIZE + 3, /* enough for address_format() */
	ADDRESS_PIN_SIZE = 32,      /* bytes of what names a host's key, */
	ADDRESS_TOKEN_SIZE = 16,    /* and of an invitation's secret */
	ADDRESS_LINK = 3 * (ADDRESS_NODE_SIZE + ADDRESS_ROOM_SIZE) + ADDRESS_SERVICE_SIZE + 80, /* for address_link() */
};

enum address_kind { ADDRESS_TCP, ADDRESS_UNIX };

struct address {
	enum address_kind kind;
	char node[ADDRESS_NODE_SIZE];       /* TCP: without brackets; "": all addresses of this machine (--host only) */
	char service[ADDRESS_SERVICE_SIZE]; /* TCP: a number without leading zeros, or a service name */
	char path[ADDRESS_PATH_SIZE];       /* UNIX */
	char room[ADDRESS_ROOM_SIZE];       /* of a link; "" when it names none */
	bool has_pin, has_token;            /* of a link; a token never comes without a pin */
	uint8_t pin[ADDRESS_PIN_SIZE];      /* SHA-256 that names the host's key, see trust/trust.h */
	uint8_t token[ADDRESS_TOKEN_SIZE];  /* secret: who has used the address wipes it */
};

/* What the address is for: to listen on, or to connect to. */
enum address_use { ADDRESS_HOST, ADDRESS_JOIN };

enum address_error {
	ADDRESS_OK,
	ADDRESS_EMPTY,
	ADDRESS_TOO_LONG,
	ADDRESS_BAD_NODE,     /* what cannot be a host name or address */
	ADDRESS_BAD_V6,       /* brackets or colons, but no IPv6 address */
	ADDRESS_BAD_SERVICE,  /* neither a number nor a service name */
	ADDRESS_PORT_RANGE,   /* a number, but not 1 to 65535 (0 to 65535 to listen on) */
	ADDRESS_ONLY_PORT,    /* a number alone, to connect to */
	ADDRESS_NO_PATH,      /* nothing behind "unix:" */
	ADDRESS_NEEDS_UNIX,   /* a path without "unix:" */
	ADDRESS_OTHER_SCHEME, /* http:// and so on */
	ADDRESS_LINK_TO_HOST, /* a tchat:// link to listen on */
	ADDRESS_BAD_LINK,     /* a query, a user, a second /, a wrong percent sign */
	ADDRESS_BAD_INVITATION, /* what stands behind # is not PIN or PIN.TOKEN */
	ADDRESS_BAD_ROOM,
};

/* Reads "HOST", "HOST:PORT", "[v6]", "[v6]:PORT", a bare v6 address, "unix:PATH"; to listen on also "PORT", ":PORT",
 * "*" and "*:PORT"; to connect to also ":PORT" (localhost) and tchat://HOST[:PORT][/ROOM][#PIN[.TOKEN]], with PIN and
 * TOKEN in base64url. PORT may be a service name. *address is meaningless after an error, and holds no secret then. */
enum address_error address_parse(struct address *address, const char *typed, enum address_use use);

/* One line in the user's language that says what is wrong with typed and what to write instead. What stands behind a #
 * in typed may be a secret and is left out. */
void address_explain(enum address_error err, const char *typed, char *text, size_t size);

/* "HOST:PORT", "[v6]:PORT", "*:PORT", "unix:PATH", such that address_parse() takes it back; cut at size. Never a room,
 * pin or token. */
void address_format(const struct address *address, char *text, size_t size);

/* The tchat:// link, with its room, pin and token if it has them. False for what has no link (UNIX, all addresses) or no room in
 * size; text is "" then. */
bool address_link(const struct address *address, char *text, size_t size);

#endif
