/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tchat --fingerprint and --rotate-key: keys, looked at and changed from outside. */
#ifndef TCHAT_APP_FINGERPRINT_H
#define TCHAT_APP_FINGERPRINT_H

#include "app/options.h"

/* Prints what others see of a key, its fingerprint and its words: of the user's own, made if there is none yet, or of
 * the host's in the folder of --data. An enum exit_status, after a line on stderr unless it is EXIT_STATUS_OK. */
int mode_fingerprint(const struct options *options);

/* Makes a new key for the host whose folder --data names, or else for the one at the default port. The same. */
int mode_rotate_key(const struct options *options);

#endif
