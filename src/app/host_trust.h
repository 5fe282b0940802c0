/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether the host at the other end is the right one: judged inside the handshake, asked about afterwards. */
#ifndef TCHAT_APP_HOST_TRUST_H
#define TCHAT_APP_HOST_TRUST_H

#include "app/options.h"
#include "trust/trust.h"
#include "wire/address.h"

#include <stdbool.h>
#include <stddef.h>

struct host_trust;

/* For the host at this address (copied), whose link may say its key. 0 with *trust to be freed; TCHAT_ERR_MEMORY; or as
 * paths_make() and known_hosts_test(): the file of the known hosts, whose path is in path then. */
int host_trust_new(const struct address *address, enum options_trust policy, struct host_trust **trust, char *path,
                   size_t size);
void host_trust_free(struct host_trust *trust);

/* What the TLS stream asks; arg is the trust. 0, TCHAT_ERR_HOST_NEW (nobody said yes as yet), TCHAT_ERR_HOST_CHANGED, or
 * TCHAT_ERR_PERMISSION, TCHAT_ERR_SYSTEM: the file of known hosts cannot be used. */
int host_trust_check(void *arg, const struct trust_pin *pin, const struct trust_pin *former);

/* The key that was last judged; NULL: none. Whether it is new, rather than another one than before. Whether the user may
 * be asked about it: a new one under the policy "ask". */
const struct trust_pin *host_trust_seen(const struct host_trust *trust);
bool host_trust_is_new(const struct host_trust *trust);
bool host_trust_asks(const struct host_trust *trust);

/* The key that the host has to show, where it is sure before there is a connection: that of a link, or the one that is
 * known of a name that means the same host everywhere. NULL: not known. */
const struct trust_pin *host_trust_expected(struct host_trust *trust);

/* The user said yes to the key that was last judged: it is remembered. False: only until the end of the program. */
bool host_trust_accept(struct host_trust *trust);

/* Whether what the user typed names that key: its words, its fingerprint or its pin. */
bool host_trust_named(const struct host_trust *trust, const char *typed);

/* Whether a host with a key is expected at the address: its link has one, or one was met there before. */
bool host_trust_expects_key(const struct host_trust *trust);

/* What the host is called in the file, and where that is ("": nowhere). */
const char *host_trust_name(const struct host_trust *trust);
const char *host_trust_path(const struct host_trust *trust);

#endif
