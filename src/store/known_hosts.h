/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keys of hosts that one has met: a file with one line a key, the pin and the names that it was met under. */
#ifndef TCHAT_STORE_KNOWN_HOSTS_H
#define TCHAT_STORE_KNOWN_HOSTS_H

#include "wire/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct known_hosts;

enum known_answer {
	KNOWN_YES,     /* this key is this host's */
	KNOWN_NEW,     /* neither the name nor the key was met before */
	KNOWN_CHANGED, /* the name was met with another key */
};

enum {
	KNOWN_HOSTS_MAXIMUM = 1 << 20,          /* bytes of the file */
	KNOWN_HOSTS_NAME = ADDRESS_TEXT + 320,  /* of a name, with its NUL */
};

/* The file at path, which need not be there yet, in a folder that is there; NULL: nothing is kept beyond
 * known_hosts_free(). The file is read anew at each call below. NULL when memory is out. */
struct known_hosts *known_hosts_new(const char *path);

/* Whether the file can be used: 0, or TCHAT_ERR_PERMISSION (others may write to it), TCHAT_ERR_TOO_LONG, TCHAT_ERR_MEMORY,
 * TCHAT_ERR_SYSTEM with errno. */
int known_hosts_test(struct known_hosts *known);

/* NULL is allowed. */
void known_hosts_free(struct known_hosts *known);

/* The name that a host is known by: "host:port" in small letters; what every machine calls the same, as localhost or
 * fe80::1, gets this machine's name behind a %, and its zone behind another. False for UNIX sockets, which have none:
 * who may make the socket's file is who one trusts there. */
bool known_hosts_name(const struct address *address, char name[KNOWN_HOSTS_NAME]);

/* What is known of the host called name, which shows the key pin; former, or NULL, is a key that this one replaces by
 * the former's own word. A key that is known under other names gets this one, a former key's line gets the new key;
 * when that cannot be written it is found out again next time. Returns an enum known_answer; or TCHAT_ERR_PERMISSION
 * (others may write to the file), TCHAT_ERR_TOO_LONG (the file), TCHAT_ERR_MEMORY, TCHAT_ERR_SYSTEM with errno. */
int known_hosts_check(struct known_hosts *known, const char *name, const uint8_t pin[ADDRESS_PIN_SIZE],
                      const uint8_t former[ADDRESS_PIN_SIZE]);

/* Notes that somebody vouched for it. 0; TCHAT_ERR_HOST_CHANGED (the name has another key: forget that first),
 * TCHAT_ERR_ARGUMENT (no such name can be), TCHAT_ERR_AGAIN (another process has the file locked), TCHAT_ERR_FULL, or
 * as above. */
int known_hosts_add(struct known_hosts *known, const char *name, const uint8_t pin[ADDRESS_PIN_SIZE]);

/* Takes the name away from all keys: 0, TCHAT_ERR_NOT_FOUND, or as above. */
int known_hosts_forget(struct known_hosts *known, const char *name);

/* The key of the host called name: false when none is known, or more than one. */
bool known_hosts_pin(struct known_hosts *known, const char *name, uint8_t pin[ADDRESS_PIN_SIZE]);

/* The number of the first line with this name, from 1; 0: there is none. */
unsigned known_hosts_line(struct known_hosts *known, const char *name);

/* One's own hosts: a host that runs leaves its pin in a folder that only this account may write to. Adding is for the
 * host's process: 0, or as paths_make() and file_replace(). What hosts left there that are gone is cleared away. */
int known_hosts_own_add(const uint8_t pin[ADDRESS_PIN_SIZE]);
void known_hosts_own_remove(void);

/* True for the key of a host that this account runs here. To be asked before known_hosts_check(), for such keys are
 * known without a line. */
bool known_hosts_is_own(const uint8_t pin[ADDRESS_PIN_SIZE]);

#endif
