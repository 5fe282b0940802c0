/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keys of a host at work: its own, that of its owner, and the secret of a first invitation. */
#ifndef TCHAT_APP_SERVICE_KEYS_H
#define TCHAT_APP_SERVICE_KEYS_H

#include "app/account.h"
#include "app/options.h"
#include "app/service_log.h"
#include "app/talk.h"
#include "host/host.h"

struct service_keys {
	struct trust_identity *identity; /* NULL: not encrypted */
	struct trust_pin owner;
	enum host_access access;
	enum host_history_access history;
	bool has_token;
	struct talk_own own;             /* where a host without a face says that it is */
	bool noted;                      /* among the hosts of this account that run now */
	uint8_t token[TRUST_TOKEN_SIZE];
};

/* Whose host it is: takes or makes the key of this account's user, of which just the pin is kept. 0, or an enum exit_status
 * with a line in why. service_keys_close() is needed in either case, as after the next one. */
int service_keys_open_owner(struct service_keys *keys, const struct options *options, char why[ACCOUNT_TEXT]);

/* Who may come in and read what, as options say. service_keys_open_owner() does that, too. */
void service_keys_choose(struct service_keys *keys, const struct options *options);

/* Takes or makes the host's own key; folder is that of the history, or "". The same returns. */
int service_keys_open(struct service_keys *keys, const struct options *options, const char *folder,
                      char why[ACCOUNT_TEXT]);

/* What the host is to know of them. */
void service_keys_configure(const struct service_keys *keys, struct host_config *config);

/* Makes the first invitation, where one is needed to come in, and notes that this host runs. */
void service_keys_start(struct service_keys *keys, struct host *host);

/* Tells them: to report, lines "key PIN" and "invite TOKEN"; without one (-1), the key to the log and a link to stdout, for
 * the addresses that it listens on. */
void service_keys_tell(struct service_keys *keys, struct service_log *log, int report, const char *const *listening,
                       size_t count);

void service_keys_close(struct service_keys *keys);

#endif
