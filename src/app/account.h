/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keys of this account: the user's, and those of its hosts. Made when they are first needed. */
#ifndef TCHAT_APP_ACCOUNT_H
#define TCHAT_APP_ACCOUNT_H

#include "app/options.h"
#include "trust/identity.h"

#include <stddef.h>

enum { ACCOUNT_TEXT = 1024 };

/* Who the user is. Without a home the key lives as long as the program, and *why says so, else why is "". 0 with *identity
 * to be freed; or an enum exit_status with one line in why. */
int account_user(struct trust_identity **identity, char why[ACCOUNT_TEXT]);

/* Who the host is that options ask for: its key lies with its history, in folder. "": none is kept; then it is the same host
 * again at the same address, and a new one at a port that the system chooses. The same returns. */
int account_host(const struct options *options, const char *folder, struct trust_identity **identity,
                 char why[ACCOUNT_TEXT]);

#endif
